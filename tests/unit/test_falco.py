"""Falco's alert is the same event from Falco and from Falcosidekick, and its time is nanoseconds where it has none."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from transforms.sources.falco import SOURCE

ALERT = {
    "hostname": "node-1",
    "output": "A shell was spawned",
    "rule": "Terminal shell in container",
    "time": "2026-03-02T09:30:01.123456780Z",
    "output_fields": {"evt.time.iso8601": 1772443801123456780},
}


def head(**changed: Any) -> Any:
    return msgspec.json.decode(json.dumps(ALERT | changed), type=SOURCE.head)


def test_falcosidekick_changes_no_identity() -> None:
    theirs = head(uuid="00000000-0000-4000-8000-000000000001", time="2026-03-02T09:30:01.12345678Z", tags=["a"])
    assert SOURCE.identity(theirs) == SOURCE.identity(head())
    for name in ("hostname", "output", "rule", "time"):
        assert SOURCE.identity(head(**{name: "2026-03-02T09:30:01.5Z"})) != SOURCE.identity(head()), name


def test_the_events_nanoseconds_stand_in_for_the_time() -> None:
    assert SOURCE.clock(head()) == "2026-03-02T09:30:01.123456780Z"
    assert SOURCE.clock(head(time=None)) == 1772443801123
    assert SOURCE.clock(head(time=None, output_fields={"evt.time": 1772443801999999999})) == 1772443801999
    assert SOURCE.clock(head(time=None, output_fields={"evt.time": "09:30"})) is None
    assert SOURCE.clock(head(time=None, output_fields=None)) is None
