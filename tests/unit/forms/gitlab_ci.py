"""GitLab's pipelines, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-gitlab/ci/gitlab/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return str(event.get("received_at") or event["finished_at"])


def uid(event: Event) -> str:
    """A webhook's own, or the address of the job that the API tells of."""
    return str(event["headers"]["X-Gitlab-Event-UUID"] if "headers" in event else event["web_url"])


def webhooks_and_jobs_tell_of_the_same_runs(ordinary: list[Event], end: datetime) -> None:
    """Each pipeline begins and ends, its jobs are told twice, and what fails is a test of a scheduled run."""
    begun, ended, jobs, built = set(), {}, {}, set()
    for event in ordinary:
        body = event.get("body", event)
        about = body.get("object_attributes", {})
        if body.get("object_kind") == "pipeline" and about["status"] == "running":
            begun.add(about["id"])
        elif body.get("object_kind") == "pipeline":
            ended[about["id"]] = about
        elif body.get("object_kind") == "build":
            built.add((body["pipeline_id"], body["build_id"], body["build_status"]))
        else:
            jobs[body["pipeline"]["id"], body["id"], body["status"]] = body["name"]
    assert begun == ended.keys() and len(begun) > 10
    assert built == jobs.keys()
    failed = {run for run, _, status in jobs if status == "failed"}
    assert failed == {run for run, about in ended.items() if about["status"] == "failed"}
    assert {ended[run]["source"] for run in failed} <= {"schedule"}
    assert {about["source"] for about in ended.values()} == {"schedule", "push", "merge_request_event"}


ORDINARY = (webhooks_and_jobs_tell_of_the_same_runs,)
