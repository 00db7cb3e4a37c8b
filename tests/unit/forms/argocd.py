"""Argo CD's syncs, as the simulation must write them: their form, and that each is told thrice."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-argocd/(webhooks|controller)/[\w-]+/\d{4}/\d\d/\d\d/\d{6}\.jsonl")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The controller's line, or what an Application tells: its creation, each of its last syncs, its last operation."""
    found: list[Event] = []
    for line in map(json.loads, data.splitlines()):
        if "body" not in line:
            found.append({"what": "line", "at": line["time"], **line})
            continue
        app = line["body"]["app"]
        about, status = {"application": app["metadata"]["uid"]}, app["status"]
        assert len(status["history"]) <= 10
        assert all("@sha256:" in image for image in status["summary"]["images"])
        newest, operation = status["history"][-1], status["operationState"]
        assert newest["revision"] == status["sync"]["revision"] == operation["syncResult"]["revision"]
        assert newest["deployedAt"] == operation["finishedAt"] > newest["deployStartedAt"]
        found.append({"what": "created", "at": app["metadata"]["creationTimestamp"], **about})
        found += [{"what": "sync", "at": sync["deployedAt"], **about, **sync} for sync in status["history"]]
        found.append({"what": "operation", "at": operation["finishedAt"], **about, **operation})
    return found


def when(event: Event) -> str:
    return str(event["at"])


def uid(event: Event) -> str:
    return f"{event['what']}|{event['application']}|{event['at']}"


def each_sync_is_told_thrice(ordinary: list[Event], end: datetime) -> None:
    """In the Application's history, as its operation and by the controller; nobody asked for it."""
    told = {what: [event for event in ordinary if event["what"] == what] for what in ("sync", "operation", "line")}
    assert len(told["sync"]) == len(told["operation"]) == len(told["line"]) > 5
    assert all(sync["initiatedBy"] == {"automated": True} for sync in told["sync"])
    assert {f"Sync operation to {sync['revision']} succeeded" for sync in told["sync"]} == {
        line["msg"] for line in told["line"]
    }
    assert all(when(event) < (end + timedelta(minutes=15)).isoformat() for event in ordinary)


ORDINARY = (each_sync_is_told_thrice,)
