"""Microsoft 365's content from the Management Activity API into bronze: each piece once, whatever fails between."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.office_server import TOKEN, Office
from tests.integration.standin import Clock
from transforms.errors import ConfigError, RetryableError
from transforms.land import land
from transforms.readers.base import ObjectStore, open_store
from transforms.readers.http import PullResult, pull
from transforms.readers.office import content_type, office_headers
from transforms.settings import Settings
from transforms.sources.o365_audit import CONTENT_TYPES
from transforms.warehouse.query import rows

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KIND = "Audit.Exchange"
ENVIRONMENT = {"OFFICE365_TOKEN": TOKEN, "OFFICE365_PUBLISHER": "publisher-1"}


@pytest.fixture
def office() -> Iterator[Office]:
    server = Office(NOW)
    yield server
    server.close()
    assert server.problems == []


@pytest.fixture
def clock(office: Office) -> Clock:
    class Both(Clock):
        """The server's clock goes with the puller's."""

        def __call__(self) -> datetime:
            office.now = self.now
            return self.now

    return Both(NOW)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path), {})


@pytest.fixture
def run(office: Office, store: ObjectStore, clock: Clock) -> Iterator[Any]:
    with httpx.Client(trust_env=False, timeout=10) as client:

        def call(**more: Any) -> PullResult:
            options = {"clock": clock, "sleep": clock.sleep, "client": client, **more}
            landing = f"{store.root}/landing/office"
            return pull(content_type(KIND), office.base, store, landing, ENVIRONMENT, **options)

        yield call


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def pages(store: ObjectStore) -> list[dict[str, Any]]:
    return [json.loads(store.open(o).read()) for o in store.walk(f"{store.root}/landing/office/{KIND}/")]


def landed(store: ObjectStore) -> Counter[str]:
    return Counter(record["Id"] for page in pages(store) for record in page["body"])


def made(office: Office) -> Counter[str]:
    return Counter(record["Id"] for content in office.content.values() for record in content["records"])


def lists(office: Office) -> int:
    return sum("/subscriptions/content" in path for path in office.requests)


def test_a_subscription_begins_and_each_content_lands_once(
    office: Office, store: ObjectStore, run: Any, clock: Clock
) -> None:
    assert run() == PullResult(pages=0, last_uri=None, complete=True)
    assert office.subscribed == {KIND}
    office.add(KIND, *(at(-h) for h in (150, 100, 99, 98, 97, 20, 0.5, 0.4)))
    office.add("Audit.General", at(-1))
    office.requests.clear()
    assert run().complete
    del office.content["content-0008"]
    assert landed(store) == made(office)
    assert lists(office) == 8 + 1  # a day each, and a second page of one
    clock.now += timedelta(minutes=5)
    office.add(KIND, at(-0.3), at(0.05))  # one that is listed late
    office.requests.clear()
    assert run() == PullResult(pages=2, last_uri=f"{store.root}/landing/office/{KIND}/000000000009.json", complete=True)
    assert landed(store) == made(office)
    assert run().pages == 0
    office.requests.clear()
    assert run().pages == 0
    assert lists(office) == len(office.requests) == 2  # pages of the overlap, and nothing that they list


def test_faults_lose_nothing_and_repeat_nothing(office: Office, store: ObjectStore, run: Any, clock: Clock) -> None:
    office.subscribed.add(KIND)
    office.add(KIND, *(at(-h) for h in (30, 29, 28, 27, 2, 1)))
    office.faults = [
        (429, {"Retry-After": "20"}, b'{"error":{"code":"AF429"}}'),
        "drop",
        lambda query: "cut",
        (503, {}, b""),
        (200, {}, b'{"error":"a proxy"}'),
        lambda query: (500, {}, b""),
    ]
    assert run().complete
    assert landed(store) == made(office)
    assert 20.0 in clock.slept


@pytest.mark.parametrize("number", range(6))
def test_a_pull_that_stopped_goes_on_where_it_was(office: Office, store: ObjectStore, run: Any, number: int) -> None:
    """Whichever piece of the content of a window, on a page of its own, was the first that could not be read."""
    office.subscribed.add(KIND)
    office.add(KIND, *(at(-20 + 0.1 * n) for n in range(6)))
    stuck = office.content[f"content-{number:04d}"]
    records, stuck["records"] = stuck["records"], {"error": "not yet"}
    with pytest.raises(RetryableError):
        run()
    assert len(pages(store)) == number
    stuck["records"] = records
    assert run().complete
    assert landed(store) == made(office)


def test_content_that_expired_meanwhile_is_listed_again(office: Office, store: ObjectStore, run: Any) -> None:
    office.subscribed.add(KIND)
    office.add(KIND, at(-100), at(-99), at(-98), at(-1))

    def expire(query: dict[str, str]) -> None:
        office.content["content-0000"]["expires"] = at(-1)

    office.faults = [lambda query: None] * 3 + [expire]
    assert run().complete
    del office.content["content-0000"]
    assert landed(store) == made(office)


def test_after_more_than_a_week_what_is_left_is_asked_for(
    office: Office, store: ObjectStore, run: Any, clock: Clock
) -> None:
    """The window that was not done lies beyond what the API lists, half of it or all."""
    office.subscribed.add(KIND)
    office.add(KIND, *(at(-1 - 5 * n) for n in range(4)))
    stuck = office.content["content-0002"]
    records, stuck["records"] = stuck["records"], {"error": "not yet"}
    with pytest.raises(RetryableError):
        run()
    stuck["records"] = records
    clock.now += timedelta(days=6, hours=8)
    assert run().complete
    assert landed(store) == made(office)
    office.add(KIND, clock.now - timedelta(hours=1), clock.now - timedelta(hours=2))
    stuck = office.content["content-0004"]
    records, stuck["records"] = stuck["records"], {"error": "not yet"}
    with pytest.raises(RetryableError):
        run()
    stuck["records"] = records
    clock.now += timedelta(days=9)
    office.add(KIND, clock.now - timedelta(hours=1))
    assert run().complete
    del office.content["content-0004"]
    assert landed(store) == made(office)


def test_of_two_pullers_one_wins_each_content(office: Office, store: ObjectStore, run: Any) -> None:
    office.subscribed.add(KIND)
    office.add(KIND, *(at(-0.2 * n) for n in range(1, 30)), records=1)
    with ThreadPoolExecutor(2) as threads:
        assert all(result.complete for result in threads.map(lambda _: run(), range(2)))
    assert set(landed(store)) == set(made(office))


def test_content_elsewhere_gets_no_token(office: Office, run: Any) -> None:
    office.faults = [(200, {}, b'[{"contentUri":"https://evil.example.net/audit/1"}]')]
    with pytest.raises(ConfigError, match=r"evil.example.net, where the token does not go"):
        run()


def test_content_types_land_and_one_that_is_refused_holds_up_no_other(office: Office, tmp_path: Path) -> None:
    settings = Settings.from_env(ENVIRONMENT, lake=str(tmp_path / "lake"))
    office.add("Audit.General", at(-1))
    office.add(KIND, at(-1), at(-0.5))
    office.forbidden = {"DLP.All"}
    with pytest.raises(ConfigError, match="subscriptions/start: the API refused the token"):
        land(settings, "o365_audit", office.base, clock=lambda: NOW)
    assert office.subscribed == set(CONTENT_TYPES) - {"DLP.All"}
    found = [uid for block in rows(settings, "select raw ->> 'Id' from bronze.o365_audit")[1] for (uid,) in block]
    assert Counter(found) == made(office)
    assert not any(TOKEN in path.read_text() for path in Path(settings.lake).rglob("*.json"))


def test_credentials_are_a_token_or_azures_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Chain:
        def __enter__(self) -> Chain:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def get_token(self, scope: str) -> Any:
            asked.append(scope)
            return type("Token", (), {"token": "from-the-chain"})

    monkeypatch.setattr("azure.identity.DefaultAzureCredential", Chain)
    assert office_headers({"OFFICE365_TOKEN": "given"})["Authorization"] == "Bearer given"
    assert office_headers({})["Authorization"] == "Bearer from-the-chain"
    assert asked == ["https://manage.office.com/.default"]
