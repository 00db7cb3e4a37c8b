"""The Okta System Log from its API into bronze: pages become objects first, and a crash in mid-page loses nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.okta_server import TOKEN, Okta
from transforms.land import land
from transforms.readers.local import LocalStore
from transforms.settings import Settings
from transforms.warehouse.query import rows

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def okta() -> Iterator[Okta]:
    server = Okta()
    yield server
    server.close()
    assert server.problems == []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env({"OKTA_API_TOKEN": TOKEN}, lake=str(tmp_path / "lake"))


def at(minutes: int) -> str:
    return (NOW - timedelta(hours=3) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def pull(settings: Settings, okta: Okta) -> int:
    return land(settings, "okta_system_log", okta.base, clock=lambda: NOW).records


def landed(settings: Settings) -> list[str]:
    _, blocks = rows(settings, "select raw ->> 'uuid', object_uri, record_no from bronze.okta_system_log")
    found = [row for block in blocks for row in block]
    assert len({(uri, number) for _, uri, number in found}) == len(found)
    assert all("/landing/okta_system_log/127.0.0.1" in uri and "/logs/0" in uri for _, uri, _ in found)
    return sorted(uuid for uuid, _, _ in found)


def test_nothing_then_pages_then_late_events(settings: Settings, okta: Okta) -> None:
    assert pull(settings, okta) == 0
    okta.add(*(at(m) for m in range(7)))
    assert pull(settings, okta) == 7
    assert pull(settings, okta) == 0
    okta.add(at(1), at(9))  # persisted later than its time says: Okta is eventually consistent
    okta.faults = [(500, {}, b""), (429, {"Retry-After": "0"}, b"")]
    assert pull(settings, okta) == 2
    assert landed(settings) == [f"uuid-{n:04d}" for n in range(9)]
    assert not any(TOKEN in path.read_text() for path in Path(settings.lake).rglob("*.json"))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_in_mid_page_loses_nothing(
    settings: Settings, okta: Okta, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The process dies at the second page: before its object is put, or right after."""
    okta.add(*(at(m) for m in range(8)))
    put, puts = LocalStore.put_if_absent, Counter[str]()

    def dying(self: LocalStore, uri: str, body: bytes) -> bool:
        puts["all"] += 1
        if puts["all"] == 2 and when == "before":
            raise KeyboardInterrupt
        done = put(self, uri, body)
        if puts["all"] == 2 and when == "after":
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(LocalStore, "put_if_absent", dying)
    with pytest.raises(KeyboardInterrupt):
        pull(settings, okta)
    monkeypatch.setattr(LocalStore, "put_if_absent", put)
    assert pull(settings, okta) == 8
    assert landed(settings) == [f"uuid-{n:04d}" for n in range(8)]
