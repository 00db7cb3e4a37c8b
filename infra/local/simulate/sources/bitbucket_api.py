"""Bitbucket Cloud: repositories, pull requests, commits, pipelines and deployments, as polls of its API find them.

Repositories that CircleCI and Jenkins build have no pipelines here, but the commits that these run on.
https://developer.atlassian.com/cloud/bitbucket/rest/
"""

from __future__ import annotations

import json
from typing import Any

from infra.local.simulate.bitbucket import BY_BITBUCKET, BY_CIRCLECI, BY_JENKINS, WORKSPACE, stream
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Person
from infra.local.simulate.pipelines import RATE, Change, Job, Pipeline, Pipelines, Story, uid
from infra.local.simulate.rendering import millis_z

NAME = "bitbucket_api"
ROOT = "s3/example-org-bitbucket/api"
API = "https://api.bitbucket.org/2.0"
REPOSITORIES = (BY_BITBUCKET, BY_CIRCLECI, BY_JENKINS)
EACH = 26
"""Records of a story of each of the three."""
POLLED_MS = 30_000


def braced(*parts: object) -> str:
    """Return a UUID as Bitbucket writes it."""
    return f"{{{uid('bitbucket', *parts)}}}"


def offset(at_ms: int) -> str:
    """Return a time as most objects have it; those of pipelines end in `Z`."""
    return f"{millis_z(at_ms)[:-1]}000+00:00"


def user(person: Person) -> dict[str, Any]:
    """Return a person as Bitbucket's objects name one."""
    own = braced(person.email)
    return {
        "display_name": person.name,
        "links": {"self": {"href": f"{API}/users/{own}"}},
        "type": "user",
        "uuid": own,
        "account_id": f"712020:{own[1:-1]}",
        "nickname": person.handle,
    }


def _links(name: str, rest: str = "") -> dict[str, Any]:
    return {"self": {"href": f"{API}/repositories/{name}{rest}"}}


def _repository(name: str) -> dict[str, Any]:
    short = name.partition("/")[2]
    return {"type": "repository", "full_name": name, "links": _links(name), "name": short, "uuid": braced(name)}


def repository(name: str, at_ms: int) -> Record:
    """Return a repository that was changed at a time."""
    body = {
        **_repository(name),
        "slug": name.partition("/")[2],
        "scm": "git",
        "owner": {"display_name": WORKSPACE, "type": "team", "uuid": braced(WORKSPACE), "username": WORKSPACE},
        "is_private": True,
        "fork_policy": "no_public_forks",
        "created_on": "2024-02-05T09:12:44.318865+00:00",
        "updated_on": offset(at_ms),
        "mainbranch": {"name": "main", "type": "branch"},
    }
    return _record(at_ms, body)


def pull_request(change: Change, state: str, at_ms: int) -> Record:
    """Return a pull request in a state (`OPEN`, `MERGED`) since a time."""
    merged = state == "MERGED"
    whole = _repository(change.repository)

    def side(branch: str, commit: str) -> dict[str, Any]:
        return {"branch": {"name": branch}, "commit": {"type": "commit", "hash": commit[:12]}, "repository": whole}

    body = {
        "comment_count": 0,
        "task_count": 0,
        "type": "pullrequest",
        "id": change.number,
        "title": change.title,
        "description": "",
        "state": state,
        "draft": False,
        "merge_commit": {"type": "commit", "hash": change.merged[:12]} if merged else None,
        "close_source_branch": True,
        "closed_by": user(change.reviewer) if merged else None,
        "author": user(change.author),
        "participants": [
            {
                "type": "participant",
                "user": user(change.reviewer),
                "role": "REVIEWER",
                "approved": merged,
                "state": "approved" if merged else None,
                "participated_on": offset(change.approved_ms) if merged else None,
            }
        ],
        "reason": "",
        "created_on": offset(change.opened_ms),
        "updated_on": offset(at_ms),
        "destination": side("main", change.base),
        "source": side(change.branch, change.head),
        "links": _links(change.repository, f"/pullrequests/{change.number}"),
    }
    return _record(at_ms, body)


def commit(change: Change, person: Person, own: str, message: str, at_ms: int) -> Record:
    """Return a commit."""
    body = {
        "type": "commit",
        "hash": own,
        "date": f"{millis_z(at_ms)[:19]}+00:00",
        "author": {"type": "author", "raw": f"{person.name} <{person.email}>", "user": user(person)},
        "message": f"{message}\n",
        "repository": _repository(change.repository),
        "links": _links(change.repository, f"/commit/{own}"),
    }
    return _record(at_ms, body)


def _state(passed: bool, over: bool) -> dict[str, Any]:
    if not over:
        return {"name": "IN_PROGRESS", "type": "pipeline_state_in_progress"}
    result = "SUCCESSFUL" if passed else "FAILED"
    kind = f"pipeline_state_completed_{result.lower()}"
    return {"name": "COMPLETED", "type": "pipeline_state_completed", "result": {"name": result, "type": kind}}


def pipeline(run: Pipeline, *, over: bool) -> Record:
    """Return a pipeline that runs, or has ended."""
    target = {
        "type": "pipeline_ref_target",
        "ref_type": "branch",
        "ref_name": run.ref,
        "commit": {"type": "commit", "hash": run.commit},
    }
    body = {
        "type": "pipeline",
        "uuid": f"{{{run.uid}}}",
        "build_number": run.serial,
        "creator": user(run.person),
        "repository": _repository(run.repository),
        "target": target,
        "trigger": {"name": "SCHEDULE" if run.trigger == "schedule" else "PUSH"},
        "state": _state(run.passed, over),
        "created_on": millis_z(run.began_ms),
        "completed_on": millis_z(run.ended_ms) if over else None,
        "links": _links(run.repository, f"/pipelines/{{{run.uid}}}"),
    }
    return _record(run.ended_ms if over else run.began_ms, body)


def step(run: Pipeline, job: Job) -> Record:
    """Return a step that has ended."""
    body = {
        "type": "pipeline_step",
        "pipeline": {"type": "pipeline", "uuid": f"{{{run.uid}}}"},
        "uuid": braced(run.uid, job.name),
        "name": job.name.capitalize(),
        "trigger": {"type": "pipeline_step_trigger_automatic"},
        "state": _state(job.passed, over=True),
        "maxTime": 120,
        "started_on": millis_z(job.began_ms),
        "completed_on": millis_z(job.ended_ms),
        "duration_in_seconds": (job.ended_ms - job.began_ms) // 1000,
        "run_number": 1,
        "links": _links(run.repository, f"/pipelines/{{{run.uid}}}/steps/{braced(run.uid, job.name)}"),
    }
    return _record(job.ended_ms, body)


def deployment(run: Pipeline) -> Record:
    """Return a deployment that has ended."""
    job = run.jobs[-1]
    body = {
        "type": "deployment",
        "uuid": braced(run.uid, "deployment"),
        "state": {
            "type": "deployment_state_completed",
            "name": "COMPLETED",
            "started_on": millis_z(job.began_ms),
            "completed_on": millis_z(job.ended_ms),
            "status": {"type": "deployment_state_completed_status_successful", "name": "SUCCESSFUL"},
        },
        "environment": {
            "type": "deployment_environment",
            "uuid": braced(run.repository, run.environment),
            "name": run.environment.capitalize(),
        },
        "release": {
            "type": "deployment_release",
            "uuid": braced(run.uid, "release"),
            "name": f"#{run.serial}",
            "pipeline": {"type": "pipeline", "uuid": f"{{{run.uid}}}"},
            "commit": {"type": "commit", "hash": run.commit},
        },
        "last_update_time": millis_z(job.ended_ms),
        "created_on": millis_z(job.began_ms),
        "completed_on": millis_z(job.ended_ms),
        "links": _links(run.repository, f"/deployments/{braced(run.uid, 'deployment')}"),
    }
    return _record(job.ended_ms, body)


def _record(at_ms: int, body: dict[str, Any]) -> Record:
    text = json.dumps(body, separators=(",", ":"))
    return Record(at_ms + POLLED_MS, WORKSPACE, uid(text), text)


def tell(story: Story) -> list[Record]:
    """Return what polls find of a story."""
    found: list[Record] = []
    change = story.change
    if change:
        merge = f"Merged in {change.branch} (pull request #{change.number})"
        found += [
            commit(change, change.author, change.head, change.title, change.pushed_ms - 20_000),
            pull_request(change, "OPEN", change.opened_ms),
            pull_request(change, "MERGED", change.merged_ms),
            commit(change, change.reviewer, change.merged, merge, change.merged_ms),
            repository(change.repository, change.merged_ms + 400),
        ]
    for run in story.runs:
        if run.repository == BY_BITBUCKET:
            found += [pipeline(run, over=False), pipeline(run, over=True), *(step(run, job) for job in run.jobs)]
            found += [deployment(run)] if run.environment else []
    return found


def _open(run: Run, expected: float) -> Pipelines:
    streams = [stream(run, expected / SOURCE.share, name) for name in REPOSITORIES]
    return Pipelines(run, NAME, ROOT, streams, tell)


SOURCE = Source(name=NAME, root=ROOT, share=EACH * RATE, open=_open)
