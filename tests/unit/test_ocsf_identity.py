"""What tells OCSF events apart, and when they were."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from transforms.sources.ocsf_events import OcsfHead, identity
from transforms.sources.ocsf_json import SOURCE


def head(**members: Any) -> OcsfHead:
    return msgspec.json.decode(json.dumps({"class_uid": 3002, **members}), type=OcsfHead)


def test_an_empty_uid_names_nothing() -> None:
    assert identity(head(time=1772445600000, metadata={"uid": ""})) is None


def test_a_uid_is_told_apart_by_whichever_time_there_is() -> None:
    one, other = (head(time_dt=f"2026-03-02T10:00:0{n}Z", metadata={"uid": "1"}) for n in range(2))
    assert identity(one) != identity(other)


@pytest.mark.parametrize("seconds", [1772445600, 1772445600.5])
def test_seconds_are_no_milliseconds(seconds: float) -> None:
    assert SOURCE.clock is not None
    assert SOURCE.clock(head(time=seconds)) == seconds * 1000
