"""Bitbucket's objects, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-bitbucket/api/example-team/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}Z|(\.\d{6})?\+00:00)")
TIMES = ("completed_on", "updated_on", "started_on", "date", "created_on")


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return str(next(event[name] for name in TIMES if event.get(name)))


def uid(event: Event) -> str:
    """The address of an object, and when it came into its state."""
    return f"{event['links']['self']['href']}|{when(event)}"


def what_is_merged_was_open(ordinary: list[Event], end: datetime) -> None:
    """Each pull request is found open and merged, by another than its author; what runs ends, and failures are rare."""
    states: dict[str, set[str]] = defaultdict(set)
    kinds: dict[str, set[str]] = defaultdict(set)
    for event in ordinary:
        kinds[event["type"]].add(event["links"]["self"]["href"])
        if event["type"] in ("pullrequest", "pipeline"):
            state = event["state"]["name"] if event["type"] == "pipeline" else event["state"]
            states[event["links"]["self"]["href"]].add(state)
        if event.get("closed_by"):
            assert event["closed_by"]["uuid"] != event["author"]["uuid"]
    assert kinds.keys() == {"repository", "pullrequest", "commit", "pipeline", "pipeline_step", "deployment"}
    assert all(states[each] == {"OPEN", "MERGED"} for each in kinds["pullrequest"])
    assert all(states[each] == {"IN_PROGRESS", "COMPLETED"} for each in kinds["pipeline"])
    assert len(kinds["repository"]) == 3
    assert len(kinds["commit"]) == 2 * len(kinds["pullrequest"])


ORDINARY = (what_is_merged_was_open,)
