"""GitLab's code and reviews, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-gitlab/api/gitlab/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return str(event.get("received_at") or event["updated_at"])


def uid(event: Event) -> str:
    """A webhook's own, or the address of what the API tells of; a deployment has none, but a number."""
    if "headers" in event:
        return str(event["headers"]["X-Gitlab-Event-UUID"])
    return str(event.get("web_url") or f"deployment {event['id']}")


def what_is_merged_was_approved_by_another(ordinary: list[Event], end: datetime) -> None:
    """Each change is pushed, opened, approved by another, merged and deployed; the API says the same of it."""
    steps: dict[str, dict[int, int]] = {"open": {}, "approved": {}, "merge": {}}
    merged, observed, deployed = {}, {}, set()
    for event in ordinary:
        body = event.get("body", event)
        about = body.get("object_attributes", {})
        if body.get("object_kind") == "merge_request":
            steps[about["action"]][about["iid"]] = body["user"]["id"]
            if about["merge_commit_sha"]:
                merged[about["iid"]] = about["merge_commit_sha"]
        elif "merge_commit_sha" in body:
            observed[body["iid"]] = body["merge_commit_sha"]
        elif "deployable" in body:
            deployed.add(body["sha"])
    assert steps["open"].keys() == steps["approved"].keys() == steps["merge"].keys()
    assert all(steps["approved"][number] != author for number, author in steps["open"].items())
    assert merged == observed and len(merged) > 5
    assert set(merged.values()) == deployed


ORDINARY = (what_is_merged_was_approved_by_another,)
