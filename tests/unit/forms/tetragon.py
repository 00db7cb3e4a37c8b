"""Tetragon's events, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-runtime/tetragon/ip-10-\d+-1-\d+\.ec2\.internal/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
KINDS = {"process_exec", "process_kprobe", "process_exit"}


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def kind(event: Event) -> str:
    (found,) = KINDS & set(event)
    return found


def when(event: Event) -> str:
    return str(event["time"])


def uid(event: Event) -> str:
    return f"{event[kind(event)]['process']['exec_id']}|{kind(event)}"


def each_process_begins_and_ends(ordinary: list[Event], end: datetime) -> None:
    """A process is of a pod that has an image, runs for nobody's login, and what is told of it is in order."""
    lives: dict[str, dict[str, str]] = defaultdict(dict)
    for event in ordinary:
        body = event[kind(event)]
        process, parent = body["process"], body["parent"]
        assert process["pod"]["container"]["image"]["id"].partition("@sha256:")[2]
        assert process["parent_exec_id"] == parent["exec_id"] and process["uid"]
        assert process["start_time"] <= event["time"]
        lives[process["exec_id"]][kind(event)] = event["time"]
    assert {kind for life in lives.values() for kind in life} == KINDS
    assert all(life["process_exec"] < life["process_exit"] for life in lives.values())


ORDINARY = (each_process_begins_and_ends,)
