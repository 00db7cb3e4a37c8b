"""Azure DevOps, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-azure-devops/events/example-org/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")
TIMES = ("timestamp", "finishTime", "startTime", "closedDate")


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    if "headers" in event:
        return str(event["body"]["createdDate"])
    return str(next(event[name] for name in TIMES if event.get(name)))


def uid(event: Event) -> str:
    """A hook's and an entry's own; else the object's address, or its id, with its state."""
    if "headers" in event or "actionId" in event:
        return str(event.get("body", event)["id"])
    return f"{event['url'] or event['id']}|{event.get('status')}"


def hooks_and_objects_tell_of_the_same(ordinary: list[Event], end: datetime) -> None:
    """What is merged was opened and approved by another, and the API says the same of it and of the builds."""
    steps: Counter[tuple[str, int]] = Counter()
    told: dict[str, set[tuple[Any, ...]]] = {"hook": set(), "api": set()}
    actions = set()
    for event in ordinary:
        body = event.get("body", event)
        if "actionId" in body:
            actions.add(body["actionId"])
            assert body["area"] == body["actionId"].partition(".")[0] and body["actorUPN"].endswith("@example.com")
            continue
        kind, resource = body.get("eventType", ""), body.get("resource", body)
        way = "hook" if kind else "api"
        if "pullRequestId" in resource:
            steps[kind, resource["pullRequestId"]] += 1
            assert resource["reviewers"][0]["id"] != resource["createdBy"]["id"]
            if resource["status"] == "completed":
                told[way].add((resource["url"], resource["lastMergeCommit"]["commitId"]))
        elif resource.get("buildNumber") and resource["status"] == "completed":
            told[way].add((resource["url"], resource["result"], resource["sourceVersion"]))
    assert told["hook"] == told["api"] and len(told["api"]) > 20
    opened = {number for kind, number in steps if kind == "git.pullrequest.created"}
    assert all({kind for kind, other in steps if other == number} >= {
        "git.pullrequest.created", "git.pullrequest.updated", "git.pullrequest.merged", ""
    } for number in opened)  # fmt: skip
    assert actions <= {"AuditLog.AccessLog", "Library.ServiceConnectionExecuted"} and actions


ORDINARY = (hooks_and_objects_tell_of_the_same,)
