"""CircleCI: pipelines, workflows and jobs of a repository in Bitbucket, from the API v2 and by webhook.

https://circleci.com/docs/api/v2/  https://circleci.com/docs/guides/integration/webhooks-reference/
"""

from __future__ import annotations

import json
from typing import Any

from infra.local.simulate.bitbucket import BY_CIRCLECI, WORKSPACE, stream
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Person
from infra.local.simulate.pipelines import RATE, Job, Pipeline, Pipelines, Story, uid
from infra.local.simulate.rendering import millis_z, seconds_z

NAME = "circleci"
ROOT = "s3/example-org-circleci/events"
SLUG = f"bb/{BY_CIRCLECI}"
EACH = 15
"""Records of a story."""
POLLED_MS = 45_000
LATE_MS = 1100
WORKFLOW = "ship"


def _outcome(passed: bool) -> str:
    return "success" if passed else "failed"


def _user(person: Person) -> str:
    return uid("circleci", person.email)


def _vcs(run: Pipeline, provider: str) -> dict[str, Any]:
    address = f"https://bitbucket.org/{run.repository}"
    return {
        "provider_name": provider,
        "origin_repository_url": address,
        "target_repository_url": address,
        "revision": run.commit,
        "branch": run.ref,
    }


def pipeline(run: Pipeline) -> Record:
    """Return a pipeline as the API tells it."""
    at = millis_z(run.began_ms)
    trigger = "scheduled_pipeline" if run.trigger == "schedule" else "webhook"
    body = {
        "id": run.uid,
        "errors": [],
        "project_slug": SLUG,
        "updated_at": at,
        "number": run.serial,
        "state": "created",
        "created_at": at,
        "trigger": {
            "received_at": millis_z(run.began_ms - 400),
            "type": trigger,
            "actor": {"login": run.person.handle, "avatar_url": None},
        },
        "vcs": _vcs(run, "Bitbucket"),
    }
    return _record(run.began_ms + POLLED_MS, body)


def workflow(run: Pipeline, at_ms: int) -> Record:
    """Return the workflow of a pipeline, as the API tells it at a time."""
    over = at_ms >= run.ended_ms
    body = {
        "pipeline_id": run.uid,
        "id": uid(run.uid, WORKFLOW),
        "name": WORKFLOW,
        "project_slug": SLUG,
        "status": _outcome(run.passed) if over else "running",
        "started_by": _user(run.person),
        "pipeline_number": run.serial,
        "created_at": seconds_z(run.began_ms // 1000),
        "stopped_at": seconds_z(run.ended_ms // 1000) if over else None,
    }
    return _record(at_ms, body)


def job(run: Pipeline, one: Job) -> Record:
    """Return a job that has ended, as the API tells it."""
    body = {
        "dependencies": [],
        "job_number": one.serial,
        "id": uid(run.uid, one.name),
        "started_at": seconds_z(one.began_ms // 1000),
        "created_at": seconds_z(run.began_ms // 1000),
        "name": one.name,
        "project_slug": SLUG,
        "status": _outcome(one.passed),
        "type": "build",
        "stopped_at": seconds_z(one.ended_ms // 1000),
    }
    return _record(one.ended_ms + POLLED_MS, body)


def hook(run: Pipeline, one: Job | None, at_ms: int) -> Record:
    """Return what CircleCI sends as a job, or else the workflow, is completed."""
    kind = "job-completed" if one else "workflow-completed"
    body: dict[str, Any] = {
        "type": kind,
        "id": uid(run.uid, kind, one.name if one else ""),
        "happened_at": f"{millis_z(at_ms)[:-1]}000Z",
        "webhook": {"id": uid("circleci webhook"), "name": "lake"},
        "workflow": {
            "id": uid(run.uid, WORKFLOW),
            "name": WORKFLOW,
            "created_at": millis_z(run.began_ms),
            "stopped_at": None if one else millis_z(at_ms),
            "url": f"https://app.circleci.com/pipelines/{SLUG}/{run.serial}/workflows/{uid(run.uid, WORKFLOW)}",
            **({} if one else {"status": _outcome(run.passed)}),
        },
        "pipeline": {
            "id": run.uid,
            "number": run.serial,
            "created_at": millis_z(run.began_ms),
            "trigger": {"type": "schedule" if run.trigger == "schedule" else "webhook"},
            "vcs": _vcs(run, "bitbucket"),
        },
        "project": {"id": uid("circleci", SLUG), "name": SLUG.rpartition("/")[2], "slug": SLUG},
        "organization": {"id": uid("circleci", WORKSPACE), "name": WORKSPACE},
    }
    if one:
        body["job"] = {
            "id": uid(run.uid, one.name),
            "name": one.name,
            "number": one.serial,
            "status": _outcome(one.passed),
            "started_at": millis_z(one.began_ms),
            "stopped_at": millis_z(one.ended_ms),
        }
    headers = {"Content-Type": "application/json", "User-Agent": "CircleCI-Webhook/1.0", "Circleci-Event-Type": kind}
    return _record(at_ms + LATE_MS, {"received_at": millis_z(at_ms + LATE_MS), "headers": headers, "body": body})


def _record(at_ms: int, body: dict[str, Any]) -> Record:
    text = json.dumps(body, separators=(",", ":"))
    return Record(at_ms, "circleci", uid(text), text)


def tell(story: Story) -> list[Record]:
    """Return what CircleCI sends and tells of a story's pipelines."""
    found: list[Record] = []
    for run in story.runs:
        found += [pipeline(run), workflow(run, run.jobs[0].began_ms + 10_000)]
        found += [record for one in run.jobs for record in (hook(run, one, one.ended_ms), job(run, one))]
        found += [hook(run, None, run.ended_ms), workflow(run, run.ended_ms + POLLED_MS)]
    return found


def _open(run: Run, expected: float) -> Pipelines:
    return Pipelines(run, NAME, ROOT, [stream(run, expected / SOURCE.share, BY_CIRCLECI)], tell)


SOURCE = Source(name=NAME, root=ROOT, share=EACH * RATE, open=_open)
