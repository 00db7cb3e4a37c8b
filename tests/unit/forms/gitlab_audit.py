"""GitLab's audit events, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-gitlab/audit/gitlab/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return str(event["body"]["created_at"])


def uid(event: Event) -> str:
    return str(event["body"]["id"])


def nothing_is_refused_or_opened_up(ordinary: list[Event], end: datetime) -> None:
    """People sign in, fetch, push and review; each event says the same outside and inside of its details."""
    kinds = {event["body"]["event_type"] for event in ordinary}
    assert kinds >= {"authenticated_with_oauth", "repository_git_operation", "merge_request_approval_operation"}
    assert not [kind for kind in kinds if kind.endswith(("_failed", "_destroyed", "_removed", "_updated"))]
    for event in ordinary:
        body = event["body"]
        assert event["headers"]["X-Gitlab-Audit-Event-Type"] == body["event_type"] == body["details"]["event_name"]
        assert body["details"]["entity_path"] == body["entity_path"]
        assert event["received_at"] > body["created_at"]
    assert len({event["body"]["author_id"] for event in ordinary}) > 5


ORDINARY = (nothing_is_refused_or_opened_up,)
