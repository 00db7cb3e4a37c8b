"""GitHub's webhooks, as the simulation must write them: their form, and that they tell of whole changes."""

from __future__ import annotations

import gzip
import hmac
import json
import re
from collections import defaultdict
from datetime import datetime
from hashlib import sha256
from typing import Any

from infra.local.simulate.hooks import SIGNED_WITH

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-github-webhooks/(\d{4})/(\d\d)/(\d\d)/\1-\2-\3-\d\d-\d\d-\d\d-[0-9a-f]{8}-[0-9a-f-]{27}\.jsonl\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The deliveries of one object; each is signed over the bytes of its body."""
    found = []
    for line in gzip.decompress(data).splitlines():
        event = json.loads(line)
        sent = line.partition(b',"body":')[2][:-1]
        expected = "sha256=" + hmac.new(SIGNED_WITH.encode(), sent, sha256).hexdigest()
        assert event["headers"]["X-Hub-Signature-256"] == expected
        assert json.loads(sent) == event["body"]
        found.append(event)
    return found


def when(event: Event) -> str:
    return str(event["received_at"])


def uid(event: Event) -> str:
    return str(event["headers"]["X-GitHub-Delivery"])


def of_kind(ordinary: list[Event], name: str, action: str | None = None) -> list[Event]:
    return [
        each["body"]
        for each in ordinary
        if each["headers"]["X-GitHub-Event"] == name and action in (None, each["body"].get("action"))
    ]


def tells_every_kind(ordinary: list[Event], end: datetime) -> None:
    kinds = {each["headers"]["X-GitHub-Event"] for each in ordinary}
    assert kinds == {
        *("push", "create", "pull_request", "pull_request_review", "workflow_run", "workflow_job"),
        *("deployment", "deployment_status"),
    }
    assert not [push for push in of_kind(ordinary, "push") if push["forced"] or push["deleted"]]


def changes_are_whole(ordinary: list[Event], end: datetime) -> None:
    """A merged pull request was pushed and approved; its commit was pushed to `main` and deployed by a run."""
    pushed = {(push["repository"]["full_name"], push["after"]): push for push in of_kind(ordinary, "push")}
    runs = {
        (run["repository"]["full_name"], run["workflow_run"]["head_sha"]) for run in of_kind(ordinary, "workflow_run")
    }
    reviewed = {
        (each["repository"]["full_name"], each["review"]["commit_id"])
        for each in of_kind(ordinary, "pull_request_review")
    }
    merged = of_kind(ordinary, "pull_request", "closed")
    assert len(merged) > 10
    for each in merged:
        repository, pull = each["repository"]["full_name"], each["pull_request"]
        head, commit = (repository, pull["head"]["sha"]), (repository, pull["merge_commit_sha"])
        assert pushed[head]["ref"] == f"refs/heads/{pull['head']['ref']}" and head in runs and head in reviewed
        assert pushed[commit]["ref"] == "refs/heads/main" and commit in runs


def deployments_have_a_run(ordinary: list[Event], end: datetime) -> None:
    """Each is of the commit of the run that made it, and most have ended well."""
    states: dict[int, set[str]] = defaultdict(set)
    for each in of_kind(ordinary, "deployment_status"):
        assert each["deployment"]["sha"] == each["workflow_run"]["head_sha"]
        states[each["deployment"]["id"]].add(each["deployment_status"]["state"])
    made = of_kind(ordinary, "deployment")
    assert {each["deployment"]["environment"] for each in made} == {"prod", "staging"}
    assert {each["deployment"]["id"] for each in made} == states.keys()
    assert sum("success" in each for each in states.values()) >= len(states) - 1


ORDINARY = (tells_every_kind, changes_are_whole, deployments_have_a_run)
