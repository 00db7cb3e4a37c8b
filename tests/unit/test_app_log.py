"""The mapping of application logs: what it finds in a line, and what is said of one that is wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from transforms.decoders.framing import Bounds
from transforms.errors import ConfigError
from transforms.lake.records import Bad
from transforms.sources.app_log import MAPPED, SHAPE_LENGTH, SOURCE, VARIABLE, Shapes, mapping_of

MAPPING = """
fields:
  time: when.at
  actor: [who.name, who]
  service: svc
zone: "+01:00"
outcomes: {failure: [bounced, ok]}
logs:
  - class: authentication
    where: {event: [login, logout], env: "*"}
    fields: {actor: account}
  - class: data
    where: {kind: report}
    activity: read
  - class: event
    where: {event: ping}
  - class: api
    where: {event: "*"}
"""


def found(line: Any, text: str = "", tmp: Path | None = None) -> dict[str, str]:
    environment = {}
    if tmp is not None:
        path = tmp / "mapping.yml"
        path.write_text(text)
        environment = {VARIABLE: str(path)}
    return mapping_of(environment).of(line, {})


@pytest.mark.parametrize(
    ("time", "mapped"),
    [
        (1772445900, "2026-03-02T10:05:00.000000+00:00"),
        (1772445900.25, "2026-03-02T10:05:00.250000+00:00"),
        ("1772445900123", "2026-03-02T10:05:00.123000+00:00"),
        (1772445900123456, "2026-03-02T10:05:00.123456+00:00"),
        (1772445900123456789, "2026-03-02T10:05:00.123456+00:00"),
        ("2026-03-02 10:05:00,123", "2026-03-02 10:05:00,123"),
        ("yesterday", "yesterday"),
        (-1, "-1"),
        (True, "true"),
    ],
)
def test_a_time_is_told_by_its_size_and_never_guessed(time: Any, mapped: str) -> None:
    assert found({"time": time})["time"] == mapped


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"user": {"name": "octo"}}, {"actor": "octo"}),
        ({"user.name": "octo"}, {"actor": "octo"}),
        ({"user": "octo"}, {"actor": "octo"}),
        ({"http": {"response.status_code": 404}}, {"outcome": "404", "result": "failure", "code": "404"}),
        ({"success": True}, {"outcome": "true", "result": "success"}),
        ({"outcome": "as ever"}, {"outcome": "as ever"}),
        ({"msg": "x" * 5000}, {"message": "x" * 4096}),
        ({"event": {"category": ["web", "x"]}}, {"kind": "api.other"}),
        ({"event": {"category": "database", "action": "ListTables"}}, {"operation": "ListTables", "kind": "data.list"}),
        ({"event": {"category": "api", "action": "search"}}, {"operation": "search", "kind": "api.read"}),
        (
            {"event": {"category": "api", "action": "order.created"}},
            {"operation": "order.created", "kind": "api.create"},
        ),
        ({"event": {"category": []}, "user": {}, "msg": None}, {}),
    ],
)
def test_well_known_names(line: Any, expected: dict[str, str]) -> None:
    assert found(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            {"event": "logout", "env": 1, "account": "a", "action": "logout"},
            {"kind": "authentication.logoff", "actor": "a"},
        ),
        ({"event": "login", "env": 1, "who": "b"}, {"kind": "authentication.logon", "actor": "b"}),
        ({"event": "login", "who": {"name": "c"}}, {"kind": "api.other", "actor": "c"}),
        ({"kind": "report", "event": "x", "action": "delete"}, {"kind": "data.read"}),
        ({"event": "ping"}, {"kind": "event"}),
        ({"svc": "s", "service": "t"}, {"service": "s"}),
        ({"user": "nobody"}, {}),
        ({"when": {"at": "2026-03-02 10:05:00,1"}}, {"time": "2026-03-02 10:05:00,1+01:00"}),
        ({"outcome": "OK"}, {"outcome": "OK", "result": "failure"}),
    ],
)
def test_a_mapping_says_what_a_line_is(line: Any, expected: dict[str, str], tmp_path: Path) -> None:
    mapped = found(line, MAPPING, tmp_path)
    assert {name: mapped.get(name) for name in expected} == expected
    assert "actor" in expected or "actor" not in mapped
    assert "kind" in expected or "kind" not in mapped


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("fields:\n  tiem: ts\n", 2, "unknown name 'tiem'"),
        ("fields:\n  time: ts\n  time: at\n", 3, "twice"),
        ("fields:\n  time: {a: b}\n", 2, "expected a text"),
        ("fields: [time]\n", 1, "expected names with values"),
        ("fields:\n  time: ''\n", 2, "expected a text"),
        ("zone: Berlin\n", 1, "zone 'Berlin'"),
        ("outcomes:\n  success: [a]\n  failure: [A]\n", 2, "both success and failure: a"),
        ("logs:\n  - where: {a: b}\n", 2, "without a class"),
        ("logs:\n  - class: sql\n", 2, "class 'sql'"),
        ("logs:\n  - class: api\n    activity: logon\n", 3, "activity 'logon' of class api"),
        ("logs:\n  - class: event\n    activity: read\n", 3, "expected none"),
        ("logs: {class: api}\n", 1, "expected a list"),
        ("fields:\n  time: [a\n", 3, "no YAML"),
        ("a: !!python/object:os.system x\n", 1, "unknown name 'a'"),
        ("- a\n", 1, "expected names"),
    ],
)
def test_a_wrong_mapping_is_an_error_with_its_line(text: str, line: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"mapping\.yml:{line}: .*{said}"):
        found({}, text, tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"{VARIABLE}: .*none\.yml"):
        mapping_of({VARIABLE: str(tmp_path / "none.yml")})
    (tmp_path / "empty.yml").write_text("# nothing yet\n")
    assert mapping_of({VARIABLE: str(tmp_path / "empty.yml")}) == mapping_of({})


def test_lines_are_read_by_the_mapping_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yml"
    path.write_text(MAPPING)
    lines = b'{"when":{"at":1},"event":"ping"}\n[1]\n{"when"\n3\n'
    (chunk,) = SOURCE.read(io.BytesIO(lines), Bounds(environment={VARIABLE: str(path)}))
    assert chunk.attributes == [{MAPPED: {"time": "1970-01-01T00:00:01.000000+00:00", "kind": "event"}}]
    assert [json.loads(bytes(record)) for record in chunk.records] == [{"when": {"at": 1}, "event": "ping"}]
    assert all(isinstance(bad, Bad) and bad.data for bad in chunk.bad) and len(chunk.bad) == 3


def test_what_is_remembered_of_lines_is_bounded():
    """A name as long as a line is looked at, and not kept."""
    shapes: Shapes = {}
    mapping = mapping_of({})
    for name in ("a", "b" * SHAPE_LENGTH):
        assert mapping.of({name: 1, "message": "x"}, shapes) == mapping.of({"c": 1, "message": "x"}, {})
    assert [*shapes] == [("a", "message")]
