"""GitLab's code and reviews: webhooks of pushes, merge requests and deployments, and what the REST API tells of them.

Pipelines are those of which `gitlab_ci` tells, too.
https://docs.gitlab.com/user/project/integrations/webhook_events/  https://docs.gitlab.com/api/merge_requests/
"""

from __future__ import annotations

from typing import Any

from infra.local.simulate.gitlab import PROJECTS, hook, observed, page, project, second, source, stream, user
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Person
from infra.local.simulate.pipelines import RATE, Change, Pipeline, Pipelines, Story
from infra.local.simulate.rendering import compact_time, millis_z, seconds_z

NAME = "gitlab_api"
ROOT = "s3/example-org-gitlab/api"
EACH = 11
"""Records of a story."""
POLLED_MS = 90_000


def push(change: Change, person: Person, ref: str, before: str, after: str, at_ms: int) -> Record:
    """Return what GitLab sends as commits come."""
    author = {"name": change.author.name, "email": change.author.email}
    commit = {
        "id": after,
        "message": f"{change.title}\n",
        "title": change.title,
        "timestamp": seconds_z(at_ms // 1000 - 40),
        "url": f"{page(change.repository, 'commit', 0)[:-1]}{after}",
        "author": author,
        "added": [],
        "modified": ["src/main.py"],
        "removed": [],
    }
    said = user(person)
    body = {
        "object_kind": "push",
        "event_name": "push",
        "before": before,
        "after": after,
        "ref": f"refs/heads/{ref}",
        "ref_protected": ref == "main",
        "checkout_sha": after,
        "message": None,
        "user_id": said["id"],
        "user_name": said["name"],
        "user_username": said["username"],
        "user_email": None,
        "project_id": PROJECTS[change.repository],
        "project": project(change.repository),
        "commits": [commit],
        "total_commits_count": 1,
    }
    return hook(at_ms, "Push Hook", body)


def merge_request(change: Change, person: Person, action: str, at_ms: int) -> Record:
    """Return what GitLab sends as a merge request is opened (`open`), `approved` or merged (`merge`)."""
    about: dict[str, Any] = {
        "id": 9000 + change.number,
        "iid": change.number,
        "target_branch": "main",
        "source_branch": change.branch,
        "source_project_id": PROJECTS[change.repository],
        "target_project_id": PROJECTS[change.repository],
        "author_id": user(change.author)["id"],
        "title": change.title,
        "description": "",
        "created_at": second(change.opened_ms),
        "updated_at": second(at_ms),
        "state": "merged" if action == "merge" else "opened",
        "draft": False,
        "work_in_progress": False,
        "merge_commit_sha": change.merged if action == "merge" else None,
        "last_commit": {"id": change.head, "message": f"{change.title}\n", "title": change.title},
        "url": page(change.repository, "merge_requests", change.number),
        "action": action,
    }
    body = {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": {**user(person), "email": "[REDACTED]"},
        "project": project(change.repository),
        "object_attributes": about,
        "labels": [],
        "changes": {},
    }
    return hook(at_ms, "Merge Request Hook", body)


def merged_object(change: Change) -> Record:
    """Return a merge request that was merged, as the REST API tells it."""
    number, merger = change.number, user(change.reviewer)
    body = {
        "id": 9000 + number,
        "iid": number,
        "project_id": PROJECTS[change.repository],
        "title": change.title,
        "description": "",
        "state": "merged",
        "created_at": millis_z(change.opened_ms),
        "updated_at": millis_z(change.merged_ms + 700),
        "merge_user": merger,
        "merged_at": millis_z(change.merged_ms),
        "closed_by": None,
        "closed_at": None,
        "target_branch": "main",
        "source_branch": change.branch,
        "author": user(change.author),
        "reviewers": [merger],
        "draft": False,
        "merge_status": "can_be_merged",
        "sha": change.head,
        "merge_commit_sha": change.merged,
        "squash_commit_sha": None,
        "references": {"short": f"!{number}", "relative": f"!{number}", "full": f"{change.repository}!{number}"},
        "web_url": page(change.repository, "merge_requests", number),
    }
    return observed(change.merged_ms + POLLED_MS, body)


def pipeline_object(run: Pipeline, ref: str) -> Record:
    """Return a pipeline that has ended, as the REST API lists it."""
    body = {
        "id": run.serial,
        "iid": run.serial - 5000,
        "project_id": PROJECTS[run.repository],
        "sha": run.commit,
        "ref": ref,
        "status": "success" if run.passed else "failed",
        "source": source(run),
        "created_at": millis_z(run.began_ms),
        "updated_at": millis_z(run.ended_ms),
        "web_url": page(run.repository, "pipelines", run.serial),
        "name": None,
    }
    return observed(run.ended_ms + POLLED_MS, body)


def deployment(run: Pipeline, status: str, at_ms: int) -> Record:
    """Return what GitLab sends as a deployment comes into a state."""
    body = {
        "object_kind": "deployment",
        "status": status,
        "status_changed_at": compact_time(at_ms // 1000, "%Y-%m-%d %H:%M:%S +0000"),
        "deployment_id": run.serial + 20_000,
        "deployable_id": run.jobs[-1].serial,
        "deployable_url": page(run.repository, "jobs", run.jobs[-1].serial),
        "environment": run.environment,
        "environment_tier": run.environment,
        "environment_slug": run.environment,
        "project": project(run.repository),
        "short_sha": run.commit[:8],
        "user": {**user(run.person), "email": "[REDACTED]"},
        "commit_url": f"{page(run.repository, 'commit', 0)[:-1]}{run.commit}",
        "ref": run.ref,
    }
    return hook(at_ms, "Deployment Hook", body)


def deployed_object(run: Pipeline) -> Record:
    """Return a deployment that has ended, as the REST API tells it."""
    job = run.jobs[-1]
    pipeline = {
        "id": run.serial,
        "project_id": PROJECTS[run.repository],
        "sha": run.commit,
        "ref": run.ref,
        "web_url": page(run.repository, "pipelines", run.serial),
    }
    deployable = {
        "id": job.serial,
        "status": "success",
        "stage": job.name,
        "name": job.name,
        "ref": run.ref,
        "finished_at": millis_z(job.ended_ms),
        "pipeline": pipeline,
    }
    body = {
        "id": run.serial + 20_000,
        "iid": run.serial - 5000,
        "ref": run.ref,
        "sha": run.commit,
        "created_at": millis_z(job.began_ms),
        "updated_at": millis_z(job.ended_ms),
        "status": "success",
        "user": user(run.person),
        "environment": {"id": PROJECTS[run.repository] + 500, "name": run.environment, "tier": run.environment},
        "deployable": deployable,
    }
    return observed(job.ended_ms + POLLED_MS, body)


def tell(story: Story) -> list[Record]:
    """Return what GitLab sends and tells of a story."""
    found: list[Record] = []
    change = story.change
    if change:
        author, reviewer = change.author, change.reviewer
        found += [
            push(change, author, change.branch, "0" * 40, change.head, change.pushed_ms),
            merge_request(change, author, "open", change.opened_ms),
            merge_request(change, reviewer, "approved", change.approved_ms),
            merge_request(change, reviewer, "merge", change.merged_ms),
            push(change, reviewer, "main", change.base, change.merged, change.merged_ms + 500),
            merged_object(change),
        ]
    for run in story.runs:
        ref = f"refs/merge-requests/{change.number}/head" if change and run.trigger == "change" else run.ref
        found.append(pipeline_object(run, ref))
        if run.environment:
            job = run.jobs[-1]
            found += [
                deployment(run, "running", job.began_ms),
                deployment(run, "success", job.ended_ms),
                deployed_object(run),
            ]
    return found


def _open(run: Run, expected: float) -> Pipelines:
    return Pipelines(run, NAME, ROOT, [stream(run, expected / SOURCE.share)], tell)


SOURCE = Source(name=NAME, root=ROOT, share=EACH * RATE, open=_open)
