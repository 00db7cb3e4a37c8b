"""GitHub audit log, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-github-audit/\d{4}/\d\d/\d\d/\d\d/\d\d/[0-9a-f]{8}-[0-9a-f-]{27}\.json\.log\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")
"""Of what `when` makes of the epoch milliseconds."""


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    assert isinstance(event["@timestamp"], int)
    at = datetime.fromtimestamp(event["@timestamp"] / 1000, UTC)
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds")


def uid(event: Event) -> str:
    return event["_document_id"]


def stays_below_every_threshold(ordinary: list[Event], end: datetime) -> None:
    """Few clones for each login and hour; no repository is opened, unprotected or given a runner."""
    clones: Counter[tuple[str, int]] = Counter()
    actions: Counter[str] = Counter()
    for event in ordinary:
        actions[event["action"]] += 1
        if event["action"] == "git.clone":
            clones[event["actor"], event["@timestamp"] // 3_600_000] += 1
        assert ("created_at" in event) == (not event["action"].startswith("git."))
    assert 1 < max(clones.values()) < 10
    assert not actions.keys() & {"protected_branch.destroy", "repo.access", "repo.register_self_hosted_runner"}
    assert actions.keys() >= {"git.push", "pull_request.merge", "workflows.created_workflow_run", "team.add_member"}


ORDINARY = (stays_below_every_threshold,)
