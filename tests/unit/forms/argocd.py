"""Argo CD's syncs, as the simulation must write them: their form, and that each is told twice."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-argocd/(webhooks|controller)/[\w-]+/\d{4}/\d\d/\d\d/\d{6}\.jsonl")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return str(event["time"] if "time" in event else event["body"]["app"]["status"]["operationState"]["finishedAt"])


def uid(event: Event) -> str:
    name = event["application"] if "application" in event else event["body"]["app"]["metadata"]["uid"]
    return f"{name}|{when(event)}"


def each_sync_is_told_twice(ordinary: list[Event], end: datetime) -> None:
    """By the Application that it left, whose history ends with it, and by the controller; nobody asked for it."""
    apps = [event["body"]["app"] for event in ordinary if "body" in event]
    lines = [event for event in ordinary if "msg" in event]
    assert len(apps) == len(lines) > 5
    for app in apps:
        status, newest = app["status"], app["status"]["history"][-1]
        assert newest["revision"] == status["sync"]["revision"] == status["operationState"]["syncResult"]["revision"]
        assert newest["deployedAt"] == status["operationState"]["finishedAt"] > newest["deployStartedAt"]
        assert newest["initiatedBy"] == {"automated": True}
        assert len(status["history"]) <= 10
        assert all("@sha256:" in image for image in status["summary"]["images"])
    assert {f"Sync operation to {app['status']['sync']['revision']} succeeded" for app in apps} == {
        line["msg"] for line in lines
    }
    assert all(when(event) < (end + timedelta(minutes=15)).isoformat() for event in ordinary)


ORDINARY = (each_sync_is_told_twice,)
