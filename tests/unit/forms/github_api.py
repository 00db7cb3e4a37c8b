"""GitHub's repositories and pull requests, as the simulation must write them: their form, and their ordinary days."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
LISTS = "pulls|reviews|commits|deployments|statuses|repositories"
KEY = re.compile(
    rf"s3/example-org-github-api/repositories/(\d{{4}})/(\d\d)/(\d\d)/"
    rf"[a-z-]+-({LISTS})-\1\2\3T\d{{6}}Z(-again)?\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The objects of one page."""
    found: list[Event] = json.loads(data)
    return found


def when(event: Event) -> str:
    told = event.get("submitted_at") or event.get("updated_at") or event["commit"]["committer"]["date"]
    return str(told)


def uid(event: Event) -> str:
    return f"{event['node_id']}|{event.get('state')}|{when(event)}"


def objects_refer_to_each_other(ordinary: list[Event], end: datetime) -> None:
    """A merged pull request has a commit that GitHub signed, and an approval of its head by another person."""
    commits = {each["sha"]: each for each in ordinary if "commit" in each}
    reviews = {each["pull_request_url"]: each for each in ordinary if "submitted_at" in each}
    merged = [each for each in ordinary if each.get("merged_at")]
    assert len(merged) > 10
    for each in merged:
        assert commits[each["merge_commit_sha"]]["commit"]["verification"]["verified"]
        assert commits[each["head"]["sha"]]["author"] == each["user"]
        review = reviews[each["url"]]
        assert review["commit_id"] == each["head"]["sha"] and review["user"] != each["user"]
    deployments = {each["url"]: each for each in ordinary if "original_environment" in each}
    statuses = [each for each in ordinary if "deployment_url" in each]
    assert {each["deployment_url"] for each in statuses} == deployments.keys()
    assert all(each["sha"] in commits for each in list(deployments.values())[3:])
    assert {each["visibility"] for each in ordinary if "visibility" in each} == {"private"}


ORDINARY = (objects_refer_to_each_other,)
