"""Pulling the Okta System Log from a stand-in (okta_server.py): nothing lost, nothing twice, no token anywhere."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.integration.okta_server import TOKEN, Okta
from tests.integration.standin import Clock
from transforms.errors import ConfigError, RetryableError
from transforms.readers import http
from transforms.readers.base import ObjectStore, open_store
from transforms.readers.http import PullResult, pull
from transforms.sources.okta_system_log import SOURCE

NOW = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
ENVIRONMENT = {"OKTA_API_TOKEN": TOKEN}


@pytest.fixture
def okta() -> Iterator[Okta]:
    server = Okta()
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
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=10) as session:
        yield session


@pytest.fixture
def run(okta: Okta, store: ObjectStore, clock: Clock, client: httpx.Client) -> Any:
    def call(**more: Any) -> PullResult:
        arguments: dict[str, Any] = {"store": store, "base": okta.base, "environment": ENVIRONMENT, **more}
        target, base, environment = (arguments.pop(k) for k in ("store", "base", "environment"))
        options = {"clock": clock, "sleep": clock.sleep, "client": client, **arguments}
        return pull(SOURCE.api, base, target, f"{target.root}/landing/okta", environment, **options)

    return call


def at(minutes: int) -> str:
    return (NOW - timedelta(hours=2) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def pages(store: ObjectStore) -> list[dict[str, Any]]:
    prefix = f"{store.root}/landing/okta/logs/"
    return [json.loads(store.open(o).read()) for o in store.walk(prefix)]


def uuids(store: ObjectStore) -> list[str]:
    return [event["uuid"] for page in pages(store) for event in page["body"]]


def expected(okta: Okta) -> list[str]:
    return [event["uuid"] for event in okta.events]


def test_pages_are_followed_until_one_is_empty(okta: Okta, store: ObjectStore, run: Any) -> None:
    okta.add(*map(at, range(8)))
    result = run()
    prefix = f"{store.root}/landing/okta/logs/"
    assert [o.uri for o in store.walk(prefix)] == [f"{prefix}{n:012d}.json" for n in range(3)]
    assert result == PullResult(pages=3, last_uri=f"{prefix}000000000002.json", complete=True)
    assert uuids(store) == expected(okta)
    assert len(okta.requests) == 4
    first = parse_qs(urlsplit(okta.requests[0]).query)
    assert first == {"since": ["2026-10-27T12:00:00.000Z"], "sortOrder": ["ASCENDING"], "limit": ["1000"]}


def test_a_page_is_kept_verbatim_with_what_proves_it(okta: Okta, store: ObjectStore, run: Any) -> None:
    okta.add(at(0))
    run()
    (item,) = store.walk(f"{store.root}/landing/")
    raw = store.open(item).read()
    assert json.dumps(okta.events, indent=1, ensure_ascii=False).encode() in raw
    page = json.loads(raw)
    assert list(page) == ["url", "status", "received_at", "headers", "next", "body"]
    assert page["url"] == okta.base + okta.requests[0] and page["next"] == okta.base + okta.requests[1]
    assert (page["status"], page["received_at"]) == (200, "2026-11-03T12:00:00.000Z")
    assert page["headers"]["x-okta-request-id"] == "request-1" and "set-cookie" not in page["headers"]


def test_a_poll_without_news_writes_nothing(okta: Okta, store: ObjectStore, run: Any) -> None:
    assert run() == PullResult(pages=0, last_uri=None, complete=True)
    okta.add(at(0))
    last = run().last_uri
    assert run() == run(start_after=last) == PullResult(pages=0, last_uri=last, complete=True)
    assert len(pages(store)) == 1


def test_events_persisted_late_are_found_by_the_cursor(okta: Okta, store: ObjectStore, run: Any) -> None:
    okta.add(at(0), at(10))
    run()
    okta.add(at(5), at(-600), at(11))
    run()
    assert uuids(store) == expected(okta)


@pytest.mark.parametrize("known", [True, False])
def test_a_pull_goes_on_from_the_last_page(okta: Okta, store: ObjectStore, run: Any, known: bool) -> None:
    okta.add(*map(at, range(7)))
    result = run(max_pages=2)
    assert (result.pages, result.complete) == (2, False)
    okta.requests.clear()
    result = run(start_after=result.last_uri if known else None)
    assert (result.pages, result.complete) == (1, True)
    assert "since" not in okta.requests[0]
    assert uuids(store) == expected(okta)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("crash", range(4))
def test_a_crash_at_any_put_loses_and_doubles_nothing(
    okta: Okta, store: ObjectStore, run: Any, crash: int, when: str
) -> None:
    class Crashing:
        def __init__(self) -> None:
            self.puts, self.root, self.walk, self.open = 0, store.root, store.walk, store.open

        def put_if_absent(self, uri: str, body: bytes) -> bool:
            self.puts += 1
            if self.puts > crash and when == "before":
                raise KeyboardInterrupt
            done = store.put_if_absent(uri, body)
            if self.puts > crash:
                raise KeyboardInterrupt
            return done

    okta.add(*map(at, range(11)))
    with pytest.raises(KeyboardInterrupt):
        run(store=Crashing())
    assert len(pages(store)) == crash + (when == "after")
    run()
    assert uuids(store) == expected(okta)


def test_two_pullers_at_once_write_each_page_once(okta: Okta, store: ObjectStore, run: Any) -> None:
    okta.add(*map(at, range(60)))
    together = threading.Barrier(4)

    def puller(_: int) -> PullResult:
        together.wait(10)
        return run()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(puller, range(4)))
    assert uuids(store) == expected(okta)
    assert sum(r.pages for r in results) == 20
    assert {r.last_uri for r in results} == {f"{store.root}/landing/okta/logs/000000000019.json"}


def test_the_loser_takes_the_winners_page(okta: Okta, store: ObjectStore, run: Any) -> None:
    """The rival comes between this puller's fetch and its put, and saw more."""

    class Beaten:
        def __init__(self) -> None:
            self.root, self.walk, self.open, self.rival = store.root, store.walk, store.open, True

        def put_if_absent(self, uri: str, body: bytes) -> bool:
            if self.rival:
                self.rival = False
                okta.add(at(1))
                run()
            return store.put_if_absent(uri, body)

    okta.add(at(0))
    result = run(store=Beaten())
    assert result.pages == 0 and result.complete
    assert uuids(store) == expected(okta) == ["uuid-0000", "uuid-0001"]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=30), usegmt=True)}, 30),
        ({"X-Rate-Limit-Reset": str(int(NOW.timestamp()) + 42)}, 42),
        ({"X-Rate-Limit-Reset": str(int(NOW.timestamp()) - 5)}, 1),
        ({"Retry-After": "86400"}, http.LONGEST_WAIT),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_throttled(
    okta: Okta, store: ObjectStore, run: Any, clock: Clock, headers: dict[str, str], wait: float | None
) -> None:
    okta.add(at(0))
    okta.faults = [(429, headers, b"{}")]
    run()
    assert uuids(store) == expected(okta)
    assert len(clock.slept) == 1
    assert clock.slept[0] == pytest.approx(wait) if wait else 0.5 < clock.slept[0] < 2


def test_throttled_in_mid_pull(okta: Okta, store: ObjectStore, run: Any, clock: Clock) -> None:
    okta.add(*map(at, range(7)))
    okta.faults = [None, (429, {"Retry-After": "3"}, b""), None, (429, {"Retry-After": "4"}, b"")]
    run()
    assert uuids(store) == expected(okta) and clock.slept == [3, 4]


def test_throttled_for_too_long(okta: Okta, run: Any, clock: Clock) -> None:
    okta.faults = [(429, {"Retry-After": "100"}, b"")] * 20
    with pytest.raises(RetryableError, match=r"/api/v1/logs: status 429; waited 600 s"):
        run()
    assert sum(clock.slept) <= http.WAIT_BUDGET


FAULTS: list[Any] = ["drop", "cut", (500, {}, b"oops"), (503, {}, b""), (200, {}, b"<html>proxy</html>")]
FAULTS += [(200, {}, b'{"errorCode": "E1"}'), (200, {}, b""), (200, {"Content-Encoding": "gzip"}, b"no gzip")]
FAULTS += [(200, {}, b'[{"uuid": "\xff"}]')]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_server_is_asked_again(okta: Okta, store: ObjectStore, run: Any, clock: Clock, fault: Any) -> None:
    okta.add(*map(at, range(7)))
    okta.faults = [fault, fault, None, fault]
    run()
    assert uuids(store) == expected(okta)
    assert len(clock.slept) == 3 and clock.slept[1] > clock.slept[0]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_keeps_failing_is_retryable(okta: Okta, store: ObjectStore, run: Any, fault: Any) -> None:
    okta.add(*map(at, range(7)))
    okta.faults = [None] + [fault] * 50
    with pytest.raises(RetryableError, match=r"/api/v1/logs: ") as caught:
        run()
    assert "\n" not in str(caught.value) and TOKEN not in str(caught.value)
    assert len(okta.requests) == 1 + http.ATTEMPTS
    okta.faults = []
    run()
    assert uuids(store) == expected(okta)


def test_an_unreachable_server_is_retryable(run: Any) -> None:
    with pytest.raises(RetryableError, match="ConnectError"):
        run(base="http://127.0.0.1:1")


@pytest.mark.parametrize("status", [400, 404, 410])
def test_an_invalid_cursor_starts_again_with_an_overlap(okta: Okta, store: ObjectStore, run: Any, status: int) -> None:
    okta.page = 100
    okta.add(at(0), at(70), at(90))
    run()
    okta.add(at(95))
    okta.faults = [(status, {}, b'{"errorCode":"E0000031"}')]
    okta.requests.clear()
    run()
    since = parse_qs(urlsplit(okta.requests[1]).query)["since"]
    assert since == [at(30)]
    assert uuids(store) == ["uuid-0000", "uuid-0001", "uuid-0002", "uuid-0001", "uuid-0002", "uuid-0003"]
    run()
    assert len(pages(store)) == 2


def test_cursors_that_expire_in_mid_pull(okta: Okta, store: ObjectStore, run: Any) -> None:
    okta.add(*map(at, range(7)))

    def expire(query: Any) -> None:
        okta.expire_cursors()

    okta.faults = [None, expire]
    run()
    assert set(uuids(store)) == set(expected(okta))


def test_a_server_that_refuses_every_cursor(okta: Okta, run: Any) -> None:
    okta.add(*map(at, range(7)))
    okta.faults = [None, (400, {}, b"")] * 20
    with pytest.raises(RetryableError, match="cursors in a row"):
        run()
    assert len(okta.requests) == 2 * (http.RESTARTS + 1)


@pytest.mark.parametrize("status", [400, 404])
def test_a_first_request_that_is_refused(okta: Okta, run: Any, status: int) -> None:
    okta.faults = [(status, {}, b"{}")]
    with pytest.raises(ConfigError, match=f"refused the request \\(status {status}\\)"):
        run()


def test_a_wrong_token(okta: Okta, run: Any) -> None:
    with pytest.raises(ConfigError, match="refused the token") as caught:
        run(environment={"OKTA_API_TOKEN": "wrong-secret"})
    assert "wrong-secret" not in str(caught.value)
    for environment in ({}, {"OKTA_API_TOKEN": " "}):
        with pytest.raises(ConfigError, match="set OKTA_API_TOKEN"):
            run(environment=environment)
    with pytest.raises(ConfigError, match="characters that no token has"):
        run(environment={"OKTA_API_TOKEN": "a\r\nX: y"})


ELSEWHERE = [
    "http://127.0.0.1:1",
    "http://192.0.2.1",
    "https://{host}",
    "http://user@{host}",
    "http://{host}.example.com",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_next_link_to_another_host_is_never_followed(okta: Okta, store: ObjectStore, run: Any, target: str) -> None:
    okta.add(at(0))
    okta.links_to = target.format(host=okta.base.removeprefix("http://"))
    with pytest.raises(ConfigError, match="where the token does not go"):
        run()
    assert len(okta.requests) == 1


@pytest.mark.parametrize("target", [*ELSEWHERE, "nonsense://[", "http://{host}\\@192.0.2.1", "", "/api/v1/logs"])
def test_a_landed_next_to_another_host_is_never_followed(okta: Okta, store: ObjectStore, run: Any, target: str) -> None:
    okta.add(at(0))
    target = target.format(host=okta.base.removeprefix("http://"))
    forged = {"next": target, "body": [{"uuid": "x", "published": at(0)}]}
    store.put_if_absent(f"{store.root}/landing/okta/logs/000000000000.json", json.dumps(forged).encode())
    run()
    assert "since=" in okta.requests[0]
    assert uuids(store) == ["x", "uuid-0000"]


def test_redirects_are_not_followed(okta: Okta, run: Any) -> None:
    okta.faults = [(302, {"Location": "http://192.0.2.1/api"}, b"")]
    with pytest.raises(ConfigError, match=r"redirects to 192\.0\.2\.1; not followed"):
        run()


@pytest.mark.parametrize("base", ["http://example.okta.com", "ftp://x", "https://", "https://u:p@x", "https://x?y=z"])
def test_credentials_go_over_https_to_a_plain_address(run: Any, base: str) -> None:
    with pytest.raises(ConfigError):
        run(base=base)


def test_a_page_that_follows_itself(okta: Okta, run: Any) -> None:
    okta.add(at(0))

    def itself(query: Any) -> Any:
        return 200, {"Link": f'<{okta.base}{okta.requests[-1]}>; rel="next"'}, b'[{"uuid": "a"}]'

    okta.faults = [itself] * 20
    with pytest.raises(RetryableError, match="the page itself"):
        run()


def test_a_page_larger_than_the_bound(okta: Okta, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_PAGE", 100)
    okta.add(*map(at, range(3)))
    with pytest.raises(ConfigError, match="a page of over"):
        run()


def test_landing_objects_that_were_tidied_away_do_not_reuse_a_sequence(
    okta: Okta, store: ObjectStore, run: Any
) -> None:
    okta.add(*map(at, range(3)))
    last = run().last_uri
    store.remove(last)
    okta.add(at(4))
    assert run(start_after=last).last_uri == f"{store.root}/landing/okta/logs/000000000002.json"


def test_the_token_is_in_no_object_log_or_error(
    okta: Okta, tmp_path: Path, run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    okta.add(*map(at, range(7)))
    okta.faults = [(500, {}, b""), None, "drop", (429, {}, b"")]
    run()
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) == 3 and caplog.records
    assert not any(TOKEN.encode() in p.read_bytes() or b"cookie-secret" in p.read_bytes() for p in files)
    shown = [r.getMessage() + repr(r.args) for r in caplog.records if not r.name.startswith("httpcore")]
    assert shown and not any(TOKEN in line for line in shown)
    assert not any(TOKEN in r.getMessage() for r in caplog.records)
