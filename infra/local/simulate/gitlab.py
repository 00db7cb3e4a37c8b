"""The words of GitLab that its sources share: people, projects, times and a collector's lines.

https://docs.gitlab.com/user/project/integrations/webhook_events/  https://docs.gitlab.com/api/rest/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra.local.simulate.model import Record, Run
from infra.local.simulate.organisation import Person
from infra.local.simulate.pipelines import Pipeline, Stream, uid
from infra.local.simulate.rendering import compact_time, millis_z

HOST = "https://gitlab.example.com"
GROUP = "example-group"
GROUP_UID = 71
PROJECTS = {f"{GROUP}/storefront": 4101, f"{GROUP}/warehouse": 4102}
LATE_MS = 1200
"""From what happened until the collector has it."""


def stream(run: Run, volume: float) -> Stream:
    """Return what happens in GitLab."""
    return Stream(run, volume, "gitlab", tuple(PROJECTS))


def user(person: Person) -> dict[str, Any]:
    """Return a person as GitLab's objects name one."""
    return {"id": 200 + person.index, "username": person.handle, "name": person.name}


def project(name: str) -> dict[str, Any]:
    """Return a project as webhooks name it."""
    group, _, short = name.partition("/")
    return {
        "id": PROJECTS[name],
        "name": short,
        "web_url": f"{HOST}/{name}",
        "namespace": group,
        "visibility_level": 0,
        "path_with_namespace": name,
        "default_branch": "main",
    }


def page(name: str, kind: str, number: int) -> str:
    """Return the address of a merge request, a pipeline or a job."""
    return f"{HOST}/{name}/-/{kind}/{number}"


def second(at_ms: int) -> str:
    """Return a time as webhooks write it."""
    return compact_time(at_ms // 1000, "%Y-%m-%d %H:%M:%S UTC")


def source(run: Pipeline) -> str:
    """Return what a pipeline says of its cause."""
    return {"change": "merge_request_event"}.get(run.trigger, run.trigger)


def line(at_ms: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Record:
    """Return the line of a collector that received a body soon after it happened."""
    received = at_ms + LATE_MS
    said = {
        "received_at": millis_z(received),
        "headers": {"Content-Type": "application/json", "User-Agent": "GitLab/18.4.1-ee", **headers},
        "body": body,
    }
    return record(received, said)


def hook(at_ms: int, name: str, body: Mapping[str, Any]) -> Record:
    """Return a webhook's delivery; `name` is its event's (`Push Hook`)."""
    own = uid("gitlab", name, at_ms, json.dumps(body, sort_keys=True))
    headers = {"X-Gitlab-Event": name, "X-Gitlab-Event-UUID": own, "X-Gitlab-Instance": HOST}
    return line(at_ms, headers, body)


def observed(at_ms: int, body: Mapping[str, Any]) -> Record:
    """Return an object of the REST API, as a poll found it at a time."""
    return record(at_ms, body)


def record(at_ms: int, body: Mapping[str, Any]) -> Record:
    """Return a line of JSON."""
    text = json.dumps(body, separators=(",", ":"))
    return Record(at_ms, "gitlab", uid(text), text)
