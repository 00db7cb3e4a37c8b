"""GitHub's workflow runs and jobs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-github-api/actions/(\d{4})/(\d\d)/(\d\d)/"
    r"[a-z-]+-(workflow_runs|jobs)-\1\2\3T\d{6}Z(-again)?\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The runs or jobs of one page."""
    page = json.loads(data)
    (kind,) = page.keys() & {"workflow_runs", "jobs"}
    assert page["total_count"] == len(page[kind])
    found: list[Event] = page[kind]
    return found


def when(event: Event) -> str:
    return str(event.get("updated_at") or event["completed_at"] or event["started_at"])


def uid(event: Event) -> str:
    return f"{event['node_id']}|{event['status']}|{when(event)}"


def runs_end_well(ordinary: list[Event], end: datetime) -> None:
    """Each but the last run is completed, as is its one job, of the same commit."""
    states: dict[int, set[str]] = defaultdict(set)
    commits = {each["id"]: each["head_sha"] for each in ordinary if "run_id" not in each}
    for each in ordinary:
        states[each["id"]].add(each["status"])
        assert each["conclusion"] in (None, "success")
        if "run_id" in each:
            assert commits[each["run_id"]] == each["head_sha"]
    assert len(commits) > 20
    assert sum("completed" not in each for each in states.values()) <= 4
    assert {status for each in states.values() for status in each} >= {"in_progress", "completed"}


ORDINARY = (runs_end_well,)
