"""Each row of the fixtures, rendered, is an event of OCSF 1.8.0 that says all that the row does; a breach is found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from asking import standing
from classes import classes
from click.testing import CliRunner

from transforms.cli import main
from transforms.ocsf.render import JSON, paths, render
from transforms.ocsf.schema import Attribute, Shape, problems, schema
from transforms.settings import Settings
from transforms.warehouse.runner import BuildResult

pytestmark = pytest.mark.xdist_group("fixtures")

Rendered = tuple[str, dict[str, Any], dict[str, Any]]
"""Table, row and event."""


@pytest.fixture(scope="session")
def rendered(lake: tuple[Settings, BuildResult]) -> list[Rendered]:
    found = standing(lake[0])
    return [(t, row, render(t, row)) for t in classes() for row in found.records(f"select * from ocsf.{t}")]


def named(row: dict[str, Any]) -> str:
    return f"{row['source']} {row['metadata_event_code']} {row['event_uid']}"


@pytest.mark.parametrize("table", classes())
def test_every_class_is_in_the_registry(table: str) -> None:
    uid = classes()[table].class_uid
    assert uid in schema().classes, (
        f"ocsf_{table} is of class {uid}, of which transforms/ocsf/schema.yml says nothing: give under `classes` what "
        f"https://schema.ocsf.io/1.8.0/classes requires of it, and what its table has columns for"
    )


def test_fixtures_reach_every_class(rendered: list[Rendered]) -> None:
    assert {table for table, _, _ in rendered} == set(classes())
    assert len(rendered) > 200


def test_every_row_is_a_valid_event(rendered: list[Rendered]) -> None:
    breaches = [f"{named(row)}: {problem}" for _, row, event in rendered for problem in problems(event)]
    assert breaches == []


def test_every_activity_is_one_of_its_class(rendered: list[Rendered]) -> None:
    for table, row, event in rendered:
        assert event["activity_id"] in {0, 99, *classes()[table].activities}, named(row)


def test_nothing_of_a_row_is_lost(rendered: list[Rendered]) -> None:
    """Each value of a column that has a place in OCSF is somewhere in the event, as often as in the row."""
    for table, row, event in rendered:
        columns = {name: row[name] for name in paths(table)}
        for name in [n for n, path in paths(table).items() if path.rpartition(".")[2] in JSON]:
            columns[name] = None if columns[name] is None else parsed(columns[name])
        # a resource that is named twice is one
        resources, columns["resources"] = columns["resources"] or [], None
        for resource in resources:
            assert set(leaves(resource)) <= set(leaves(event)), named(row)
        assert Counter(leaves(columns)) - Counter(leaves(event)) == Counter(), named(row)


def parsed(text: str) -> Any:
    """What a JSON text says, or the text where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, datetime):
        yield json.dumps(value.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    elif value is not None:
        yield json.dumps(value)


def test_the_command_prints_one_event(lake: tuple[Settings, BuildResult], rendered: list[Rendered]) -> None:
    _, row, event = next(r for r in rendered if r[0] == "user_access")
    told = CliRunner().invoke(main, ["--lake", lake[0].lake, "event", row["event_uid"]])
    assert (told.exit_code, json.loads(told.stdout)) == (0, event)
    for uid, why in (("0" * 64, "none has the event_uid"), ("x' or '1'='1", "64 hexadecimal digits")):
        refused = CliRunner().invoke(main, ["--lake", lake[0].lake, "event", uid])
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert why in refused.stderr


def test_a_row_names_the_profiles_of_its_columns(rendered: list[Rendered]) -> None:
    """Else what is said with them has no place in the event. A profile whose own requirements a row lacks is none of
    its: an API that is no cloud's. A vendor's own member of the same name is none of its columns."""
    for _, row, event in rendered:
        theirs = json.loads(row["unmapped"] or "{}")
        said = event | event.get("unmapped", {})
        for name in schema().profiles.keys() - set(event["metadata"]["profiles"]):
            profile = schema().profiles[name]
            beside = profile.attributes.keys() & event.get("unmapped", {}).keys() - theirs.keys()
            assert not beside or any(profile.lacks(said)), f"{named(row)}: {sorted(beside)} without profile {name}"


def test_unknown_fields_of_vendors_stay_apart(rendered: list[Rendered]) -> None:
    table, row, _ = next(r for r in rendered if r[0] == "base_event")
    row = {name: None if name.startswith("actor_") else value for name, value in row.items()}
    event = render(table, {**row, "actor_user_name": "erin", "unmapped": '{"actor": "mallory", "ocsf.actor": NaN}'})
    said = {name: value for name, value in event["unmapped"].items() if "actor" in name}
    assert said == {"actor": "mallory", "ocsf.actor": "NaN", "ocsf.ocsf.actor": {"user": {"name": "erin"}}}
    assert problems(event) == []


BREACHES = {
    "metadata.product: required, and missing": lambda e: e["metadata"].pop("product"),
    "actor: required, and missing": lambda e: e.pop("actor"),
    "api.operation: required, and missing": lambda e: e["api"].pop("operation"),
    "time: str is no timestamp": lambda e: e.update(time="2026-03-02T10:00:00Z"),
    "severity_id: bool is no integer": lambda e: e.update(severity_id=True),
    "metadata.profiles: no array": lambda e: e["metadata"].update(profiles="cloud"),
    "src_endpoint: list is no network_endpoint": lambda e: e.update(src_endpoint=[e["src_endpoint"]]),
    "unmapped: str is no object": lambda e: e.update(unmapped="{}"),
    "src_endpoint.ip: 'example.com' is no ip": lambda e: e["src_endpoint"].update(ip="example.com"),
    "src_endpoint.port: 65536 is no port": lambda e: e["src_endpoint"].update(port=65536),
    "actor.user.email_addr: 'erin' is no email": lambda e: e["actor"]["user"].update(email_addr="erin"),
    "time_dt: '2026-03-02' is no datetime": lambda e: e.update(time_dt="2026-03-02"),
    "severity_id: 7 is none of its values": lambda e: e.update(severity_id=7),
    "raw_data_hash.algorithm_id: 21 is none of its values": lambda e: e["raw_data_hash"].update(algorithm_id=21),
    "actor.user: none of account, name, uid": lambda e: e["actor"].update(user={"type_id": 1}),
    "colour: no attribute of it": lambda e: e.update(colour="red"),
    "api.colour: no attribute of it": lambda e: e["api"].update(colour="red"),
    "resources.colour: no attribute of it": lambda e: e["resources"][0].update(colour="red"),
    "type_uid: 600305 is not that of activity": lambda e: e.update(type_uid=600305),
    "category_uid: 3 is not that of class 6003": lambda e: e.update(category_uid=3),
    "metadata.version: not 1.8.0": lambda e: e["metadata"].update(version="1.7.0"),
    "metadata.profiles: colour is no profile": lambda e: e["metadata"]["profiles"].append("colour"),
    "class_uid: 6999 is no class of the registry": lambda e: e.update(class_uid=6999),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_found(rendered: list[Rendered], breach: str) -> None:
    event = deepcopy(
        next(
            event
            for table, _, event in rendered
            if table == "api_activity" and {"user"} <= event["actor"].keys() and event.get("resources")
        )
    )
    assert problems(event) == []
    BREACHES[breach](event)
    assert [problem for problem in problems(event) if problem.startswith(breach)], problems(event)


def test_a_broken_constraint_of_a_class_is_found(rendered: list[Rendered]) -> None:
    event = next(event for table, _, event in rendered if table == "authentication" and "service" in event)
    broken = {name: value for name, value in event.items() if name not in ("service", "dst_endpoint")}
    assert problems(broken) == ["event: none of service, dst_endpoint"]


def test_exactly_one_is_one() -> None:
    shape = Shape({name: Attribute("string") for name in ("cve", "cwe")}, enums={}, just_one=(("cve", "cwe"),))
    assert [list(shape.lacks(dict.fromkeys(names, "x"))) for names in (["cve"], [], ["cve", "cwe"])] == [
        [],
        [("", "not exactly one of cve, cwe")],
        [("", "not exactly one of cve, cwe")],
    ]
