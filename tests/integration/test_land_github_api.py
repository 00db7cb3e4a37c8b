"""The GitHub audit log by API and by stream: each event is one OCSF row, whatever fails between."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.github_server import TOKEN, GitHub
from tests.integration.standin import Clock
from transforms.errors import ConfigError, RetryableError
from transforms.land import land
from transforms.readers.base import ObjectStore, open_store
from transforms.readers.http import WAIT_BUDGET, PullResult, pull
from transforms.settings import Settings
from transforms.sources.github_audit import SOURCE, measure
from transforms.warehouse.query import rows
from transforms.warehouse.runner import build

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENVIRONMENT = {"GITHUB_AUDIT_TOKEN": TOKEN}


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub()
    yield server
    server.close()
    assert server.problems == []


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path), {})


@pytest.fixture
def run(github: GitHub, store: ObjectStore, clock: Clock) -> Iterator[Any]:
    with httpx.Client(trust_env=False, timeout=10) as client:

        def call(**more: Any) -> PullResult:
            options = {"clock": clock, "sleep": clock.sleep, "client": client, **more}
            environment = options.pop("environment", ENVIRONMENT)
            return pull(SOURCE.api, github.base, store, f"{store.root}/landing/github", environment, **options)

        yield call


def at(minutes: float) -> datetime:
    return NOW - timedelta(hours=3) + timedelta(minutes=minutes)


def pages(store: ObjectStore) -> list[list[str]]:
    found = [json.loads(store.open(o).read()) for o in store.walk(f"{store.root}/landing/github/audit-log/")]
    return [[event["_document_id"] for event in page["body"]] for page in found]


def names(github: GitHub) -> set[str]:
    return {event["_document_id"] for event in github.events}


def test_pages_are_followed_to_the_end_and_a_poll_without_news_writes_nothing(
    github: GitHub, store: ObjectStore, run: Any
) -> None:
    assert run() == PullResult(pages=0, last_uri=None, complete=True)
    github.add(*(at(m) for m in range(8)))
    assert run().pages == 3
    assert [len(page) for page in pages(store)] == [3, 3, 2]
    for _ in range(3):
        again = run()
        assert (again.pages, again.complete) == (0, True)
    assert len(pages(store)) == 3


def test_events_indexed_late_are_found_within_the_overlap(
    github: GitHub, store: ObjectStore, run: Any, clock: Clock
) -> None:
    """The index runs behind: after each poll one event appears that is older than the newest one seen."""
    for n in range(0, 40, 4):
        github.add(at(n), at(n + 1), at(n + 3))
        run()
        github.add(at(n + 2))
        run()
    assert {name for page in pages(store) for name in page} == names(github)
    assert run().pages == 0


def test_only_a_page_with_news_leaves_an_object(github: GitHub, store: ObjectStore, run: Any) -> None:
    """The overlap is asked for again with each poll; what is known of it is not landed again for ever."""
    github.page = 100
    for minute in range(60):
        github.add(at(minute))
        run()
        run()
    assert len(pages(store)) == 60
    assert max(map(len, pages(store))) <= 12


THROTTLED = [
    (429, {"Retry-After": "7"}, 7),
    (403, {"Retry-After": "60"}, 60),
    (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 42)}, 42),
]


@pytest.mark.parametrize(("status", "headers", "wait"), THROTTLED)
def test_both_rate_limits_are_waited_for(
    github: GitHub, store: ObjectStore, run: Any, clock: Clock, status: int, headers: dict[str, str], wait: float
) -> None:
    github.add(*(at(m) for m in range(7)))
    github.faults = [None, (status, headers, b'{"message":"You have exceeded a secondary rate limit"}')]
    run()
    assert clock.slept == [wait]
    assert [name for page in pages(store) for name in page] == sorted(names(github))


def test_a_rate_limit_that_lasts_is_left_to_the_next_run(github: GitHub, store: ObjectStore, run: Any) -> None:
    github.add(*(at(m) for m in range(7)))
    github.faults = [None] + [(403, {"Retry-After": "120"}, b"{}")] * 20
    with pytest.raises(RetryableError, match=f"waited {WAIT_BUDGET:.0f} s"):
        run()
    github.faults = []
    run()
    assert [name for page in pages(store) for name in page] == sorted(names(github))


@pytest.mark.parametrize(
    "fault", ["drop", (500, {}, b"{}"), (502, {}, b"<html>"), (200, {}, b"[{"), (200, {}, b'{"message":"x"}')]
)
def test_a_failing_server_is_asked_again(
    github: GitHub, store: ObjectStore, run: Any, clock: Clock, fault: Any
) -> None:
    github.add(*(at(m) for m in range(7)))
    github.faults = [fault, None, fault, fault]
    run()
    assert [name for page in pages(store) for name in page] == sorted(names(github))
    assert len(clock.slept) == 3


def test_a_refused_token_is_no_rate_limit(github: GitHub, run: Any) -> None:
    github.faults = [(403, {}, b'{"message":"Resource not accessible"}')]
    with pytest.raises(ConfigError, match="refused the token"):
        run()
    with pytest.raises(ConfigError, match="GITHUB_AUDIT_TOKEN"):
        run(environment={})


def test_old_events_without_an_id_are_told_apart_by_their_text() -> None:
    one, other = {"action": "a", "created_at": 1}, {"action": "b", "created_at": 1}
    assert len(measure([one, other, dict(reversed(one.items()))]).ids) == 2
    assert measure([{"action": "a", "created_at": "soon"}]).newest is None


def test_one_event_by_both_ways_is_one_row(github: GitHub, tmp_path: Path) -> None:
    """The stream writes other bytes than the API: OCSF holds each event once, none as a collision."""
    settings = Settings.from_env({**ENVIRONMENT, "PATH": ""}, lake=str(tmp_path / "lake"))
    github.add(*(at(m) for m in range(10)))
    github.add(at(11), action="git.push", created_at=None, repository="example/shop")
    github.faults = ["drop", (500, {}, b"{}"), None, (429, {"Retry-After": "0"}, b"{}")]
    assert land(settings, "github_audit", github.base, clock=lambda: NOW).records == 11
    stream = tmp_path / "stream" / "2026" / "03" / "02" / "09" / "05"
    stream.mkdir(parents=True)
    streamed = [{k: v for k, v in e.items() if v is not None} for e in github.events[4:]]
    text = "".join(json.dumps(e, separators=(",", ":"), sort_keys=True) + "\n" for e in streamed)
    (stream / "0b6e1f6a.json.log.gz").write_bytes(gzip.compress(text.encode()))
    assert land(settings, "github_audit", str(tmp_path / "stream"), clock=lambda: NOW).records == 7
    built = build(settings)
    assert (built.failed, built.rows, built.duplicates, built.collisions) == ({}, 11, 7, 0)
    _, blocks = rows(settings, "select metadata_uid, id_collision from ocsf.api_activity order by 1")
    assert [row for block in blocks for row in block] == [(f"document-{n:04d}", False) for n in range(11)]
