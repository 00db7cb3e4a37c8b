"""CircleCI's pipelines, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-circleci/events/circleci/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?Z")


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    if "headers" in event:
        return str(event["body"]["happened_at"])
    return str(event.get("stopped_at") or event.get("started_at") or event["created_at"])


def uid(event: Event) -> str:
    """A webhook's own; else the object's, with its state."""
    if "headers" in event:
        return str(event["body"]["id"])
    return f"{event['id']}|{event.get('status') or event['state']}"


def webhooks_and_objects_tell_of_the_same_runs(ordinary: list[Event], end: datetime) -> None:
    """Each pipeline has its workflow, which begins and ends; jobs are told twice, and with the same outcome."""
    pipelines, begun, ended, jobs, sent, hooked = set(), set(), {}, {}, {}, {}
    for event in ordinary:
        body = event.get("body", event)
        if "headers" in event:
            assert event["headers"]["Circleci-Event-Type"] == body["type"]
            if "job" in body:
                sent[body["job"]["id"]] = body["job"]["status"]
            else:
                hooked[body["pipeline"]["id"]] = body["workflow"]["status"]
        elif "pipeline_id" in body and body["stopped_at"] is None:
            begun.add(body["pipeline_id"])
        elif "pipeline_id" in body:
            ended[body["pipeline_id"]] = body["status"]
        elif "job_number" in body:
            jobs[body["id"]] = body["status"]
        else:
            pipelines.add(body["id"])
    assert pipelines == begun == ended.keys() and len(pipelines) > 10
    assert ended == hooked
    assert jobs == sent
    assert set(jobs.values()) <= {"success", "failed"}


ORDINARY = (webhooks_and_objects_tell_of_the_same_runs,)
