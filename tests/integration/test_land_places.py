"""A source with several places: each is looked through by itself, and one that fails holds up no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from okta_server import TOKEN, Okta

from transforms.errors import CatchmentError
from transforms.land import NO_LANE, land, land_lane, plan
from transforms.settings import Settings
from transforms.warehouse.query import rows

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
VARIABLE = "CATCHMENT_OKTA_SYSTEM_LOG_FROM"


def event(number: int) -> str:
    return json.dumps(
        {"uuid": f"uuid-{number}", "published": "2026-03-02T10:00:00.000Z", "eventType": "user.session.start"}
    )


def landed(settings: Settings) -> list[str]:
    _, blocks = rows(settings, "select raw ->> 'uuid' from bronze.okta_system_log")
    return sorted(row[0] for block in blocks for row in block)


@pytest.fixture
def oktas() -> Iterator[tuple[Okta, Okta]]:
    both = Okta(), Okta()
    yield both
    for server in both:
        server.close()
        assert server.problems == []


def test_of_folders_with_spaces_in_their_names(tmp_path: Path) -> None:
    places = [tmp_path / "account a", tmp_path / "account b"]
    settings = Settings.from_env({VARIABLE: " ".join(map(str, places))}, lake=str(tmp_path / "lake"))
    assert settings.source_locations("okta_system_log") == [str(place) for place in places]
    for number, place in enumerate(places):
        place.mkdir()
        (place / "events.json").write_text(event(number))
    assert land(settings, "okta_system_log").records == 2
    assert land(settings, "okta_system_log").records == 0
    assert landed(settings) == ["uuid-0", "uuid-1"]


def test_one_that_fails_holds_up_no_other(tmp_path: Path) -> None:
    for name in ("a", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "events.json").write_text(event(ord(name)))
    places = [f"{tmp_path}/a", "s3x://bucket/of-nowhere", f"{tmp_path}/c"]
    settings = Settings.from_env({VARIABLE: "  ".join(places)}, lake=str(tmp_path / "lake"))
    planned = plan(settings, "okta_system_log")
    assert planned.objects == 2
    assert planned.work == [planned.lanes, [NO_LANE]]
    with pytest.raises(CatchmentError, match="could not be looked through"):
        land_lane(settings, "okta_system_log", NO_LANE)
    assert [str(error).split(": ")[:2] for error in planned.failed] == [["okta_system_log", "s3x://bucket/of-nowhere"]]
    with pytest.raises(CatchmentError, match="s3x://bucket/of-nowhere"):
        land(settings, "okta_system_log")
    assert landed(settings) == ["uuid-97", "uuid-99"]


def test_where_all_fail_there_is_no_plan(tmp_path: Path) -> None:
    settings = Settings.from_env({VARIABLE: "s3x://a/ s3x://b/"}, lake=str(tmp_path / "lake"))
    with pytest.raises(CatchmentError, match="s3x://a/"):
        plan(settings, "okta_system_log")


def test_organisations_of_an_api_have_cursors_of_their_own(tmp_path: Path, oktas: tuple[Okta, Okta]) -> None:
    places = " ".join(okta.base for okta in oktas)
    settings = Settings.from_env({"OKTA_API_TOKEN": TOKEN, VARIABLE: places}, lake=str(tmp_path / "lake"))
    published = [(NOW - timedelta(hours=3 - n)).strftime("%Y-%m-%dT%H:%M:%S.000Z") for n in range(3)]
    oktas[0].add(*published)
    assert land(settings, "okta_system_log", clock=lambda: NOW).records == 3
    oktas[1].add(published[0])  # older than what the other's cursor has passed
    assert land(settings, "okta_system_log", clock=lambda: NOW).records == 1
    assert land(settings, "okta_system_log", clock=lambda: NOW).records == 0
