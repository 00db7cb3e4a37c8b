"""Jenkins's builds, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-jenkins/api/jenkins\.example\.com/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")
"""Of what `when` makes of the epoch milliseconds."""


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    began = event["timestamp"] if "number" in event else event["startTimeMillis"]
    return datetime.fromtimestamp(began / 1000, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def uid(event: Event) -> str:
    return f"{event['url']}|{event['result']}" if "number" in event else str(event["_links"]["self"]["href"])


def builds_begin_and_end_with_their_stages(ordinary: list[Event], end: datetime) -> None:
    """Each build is found while it runs and when it has ended; its stages lie within it."""
    running = {event["url"] for event in ordinary if event.get("building")}
    ended = {event["url"]: event for event in ordinary if event.get("result")}
    assert running == ended.keys() and len(ended) > 10
    for event in ordinary:
        if "number" in event:
            (data,) = [action for action in event["actions"] if "lastBuiltRevision" in action]
            assert data["remoteUrls"] == ["https://bitbucket.org/example-team/ledger.git"]
            continue
        build = ended["https://jenkins.example.com" + event["_links"]["self"]["href"].partition("execution")[0]]
        assert build["timestamp"] < event["startTimeMillis"]
        assert event["startTimeMillis"] + event["durationMillis"] < build["timestamp"] + build["duration"]
        assert event["status"] == "SUCCESS" or build["result"] == "FAILURE"
    causes = {event["actions"][0]["causes"][0]["_class"].rpartition(".")[2] for event in ended.values()}
    assert causes == {"BranchEventCause", "TimerTrigger$TimerTriggerCause"}


ORDINARY = (builds_begin_and_end_with_their_stages,)
