"""GitLab's pipelines: the webhooks of pipelines and jobs, and the jobs as the REST API tells them afterwards.

https://docs.gitlab.com/user/project/integrations/webhook_events/#pipeline-events  https://docs.gitlab.com/api/jobs/
"""

from __future__ import annotations

from typing import Any

from infra.local.simulate.gitlab import PROJECTS, hook, observed, page, project, second, source, stream, user
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.pipelines import RATE, Job, Pipeline, Pipelines, Story
from infra.local.simulate.rendering import millis_z

NAME = "gitlab_ci"
ROOT = "s3/example-org-gitlab/ci"
EACH = 14
"""Records of a story."""
POLLED_MS = 60_000
RUNNER = {
    "id": 12,
    "description": "shared-1.example.com",
    "runner_type": "instance_type",
    "active": True,
    "is_shared": True,
    "tags": ["linux", "docker"],
}


def _status(passed: bool) -> str:
    return "success" if passed else "failed"


def pipeline_hook(run: Pipeline, status: str, at_ms: int, change: int | None) -> Record:
    """Return what GitLab sends as a pipeline comes into a state; `change` is the merge request that it checks."""
    over = status != "running"
    about = {
        "id": run.serial,
        "iid": run.serial - 5000,
        "name": None,
        "ref": run.ref,
        "tag": False,
        "sha": run.commit,
        "before_sha": "0" * 40,
        "source": source(run),
        "status": status,
        "detailed_status": "passed" if status == "success" else status,
        "stages": [job.name for job in run.jobs],
        "created_at": second(run.began_ms),
        "finished_at": second(at_ms) if over else None,
        "duration": (at_ms - run.began_ms) // 1000 if over else None,
        "queued_duration": 2,
        "variables": [],
        "url": page(run.repository, "pipelines", run.serial),
    }
    body: dict[str, Any] = {
        "object_kind": "pipeline",
        "object_attributes": about,
        "merge_request": None if change is None else {"id": 9000 + change, "iid": change, "target_branch": "main"},
        "user": {**user(run.person), "email": "[REDACTED]"},
        "project": project(run.repository),
        "commit": {"id": run.commit, "url": f"{page(run.repository, 'commit', 0)[:-1]}{run.commit}"},
        "builds": [{"id": job.serial, "stage": job.name, "name": job.name} for job in run.jobs],
    }
    return hook(at_ms, "Pipeline Hook", body)


def job_hook(run: Pipeline, job: Job, status: str, at_ms: int) -> Record:
    """Return what GitLab sends as a job comes into a state."""
    over = status != "running"
    group, _, name = run.repository.partition("/")
    body = {
        "object_kind": "build",
        "ref": run.ref,
        "tag": False,
        "before_sha": "0" * 40,
        "sha": run.commit,
        "build_id": job.serial,
        "build_name": job.name,
        "build_stage": job.name,
        "build_status": status,
        "build_created_at": second(run.began_ms),
        "build_started_at": second(job.began_ms),
        "build_finished_at": second(job.ended_ms) if over else None,
        "build_duration": (job.ended_ms - job.began_ms) / 1000 if over else None,
        "build_allow_failure": False,
        "build_failure_reason": "script_failure" if status == "failed" else "unknown_failure",
        "retries_count": 0,
        "pipeline_id": run.serial,
        "runner": RUNNER,
        "project_id": PROJECTS[run.repository],
        "project_name": f"{group} / {name}",
        "user": {**user(run.person), "email": "[REDACTED]"},
        "project": project(run.repository),
        "environment": {"name": run.environment, "action": "start"} if job.name == "deploy" else None,
    }
    return hook(at_ms, "Job Hook", body)


def job_object(run: Pipeline, job: Job, ref: str) -> Record:
    """Return a job that has ended, as the REST API tells it."""
    pipeline = {
        "id": run.serial,
        "iid": run.serial - 5000,
        "project_id": PROJECTS[run.repository],
        "sha": run.commit,
        "ref": ref,
        "status": "running",
        "source": source(run),
    }
    body = {
        "id": job.serial,
        "status": _status(job.passed),
        "stage": job.name,
        "name": job.name,
        "ref": ref,
        "tag": False,
        "allow_failure": False,
        "created_at": millis_z(run.began_ms),
        "started_at": millis_z(job.began_ms),
        "finished_at": millis_z(job.ended_ms),
        "duration": (job.ended_ms - job.began_ms) / 1000,
        "user": user(run.person),
        "commit": {"id": run.commit, "short_id": run.commit[:8]},
        "pipeline": pipeline,
        "web_url": page(run.repository, "jobs", job.serial),
        "runner": {key: RUNNER[key] for key in ("id", "description", "runner_type", "active", "is_shared")},
    }
    return observed(job.ended_ms + POLLED_MS, body)


def tell(story: Story) -> list[Record]:
    """Return what GitLab sends and tells of a story's pipelines."""
    found: list[Record] = []
    for run in story.runs:
        change = story.change.number if story.change and run.trigger == "change" else None
        ref = run.ref if change is None else f"refs/merge-requests/{change}/head"
        found.append(pipeline_hook(run, "running", run.began_ms, change))
        for job in run.jobs:
            found.append(job_hook(run, job, _status(job.passed), job.ended_ms))
            found.append(job_object(run, job, ref))
        found.append(pipeline_hook(run, _status(run.passed), run.ended_ms, change))
    return found


def _open(run: Run, expected: float) -> Pipelines:
    return Pipelines(run, NAME, ROOT, [stream(run, expected / SOURCE.share)], tell)


SOURCE = Source(name=NAME, root=ROOT, share=EACH * RATE, open=_open)
