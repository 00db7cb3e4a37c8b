"""Azure DevOps: service hooks of code, builds and releases, what its REST API tells of them, and the audit log.

https://learn.microsoft.com/azure/devops/service-hooks/events  https://learn.microsoft.com/rest/api/azure/devops/
https://learn.microsoft.com/azure/devops/organizations/audit/auditing-events
"""

from __future__ import annotations

import json
from typing import Any

from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Person
from infra.local.simulate.pipelines import RATE, Change, Job, Pipeline, Pipelines, Story, Stream, uid
from infra.local.simulate.rendering import compact_time, ticks_z

NAME = "azure_devops"
ROOT = "s3/example-org-azure-devops/events"
ORGANISATION = "example-org"
PROJECT = "fulfilment"
REPOSITORIES = (f"{PROJECT}/courier", f"{PROJECT}/labels")
EACH = 18
"""Records of a story."""
LATE_MS = 1400
POLLED_MS = 60_000
STREAMED_MS = 200_000
"""From an entry of the audit log until it is streamed."""
NO_PROJECT = "00000000-0000-0000-0000-000000000000"
LEFT = 3_155_378_975_999_999_999 - 621_355_968_000_000_000
"""Ticks (of 100 ns) from 1970 to the end of .NET's time, from which entries of the audit log count down."""
LOOKS = 4
"""After one change in so many, somebody looks at the audit log."""


def _at(at_ms: int) -> str:
    return ticks_z(at_ms, 0)


def _url(*parts: object) -> str:
    return f"https://dev.azure.com/{ORGANISATION}/" + "/".join(map(str, parts))


def person(one: Person) -> dict[str, Any]:
    """Return a person as its objects name one."""
    return {"displayName": one.name, "id": uid(NAME, one.email), "uniqueName": one.email}


def _project() -> dict[str, Any]:
    own = uid(NAME, PROJECT)
    return {
        "id": own,
        "name": PROJECT,
        "url": _url("_apis/projects", own),
        "state": "wellFormed",
        "visibility": "private",
    }


def repository(name: str) -> dict[str, Any]:
    """Return a repository as its objects name one."""
    own, short = uid(NAME, name), name.partition("/")[2]
    return {
        "id": own,
        "name": short,
        "url": _url("_apis/git/repositories", own),
        "project": _project(),
        "defaultBranch": "refs/heads/main",
        "remoteUrl": _url(PROJECT, "_git", short),
    }


def hook(kind: str, said: str, resource: dict[str, Any], at_ms: int) -> Record:
    """Return the line of a collector that a service hook called."""
    received = at_ms + LATE_MS
    body = {
        "subscriptionId": uid(NAME, "subscription", kind),
        "notificationId": 1,
        "id": uid(NAME, kind, said, at_ms),
        "eventType": kind,
        "publisherId": "rm" if kind.startswith("ms.vss-release") else "tfs",
        "message": {"text": said},
        "resource": resource,
        "resourceVersion": "1.0",
        "createdDate": _at(at_ms + 900),
    }
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "VSServices/19.0 (Service Hooks)"}
    return _record(received, {"received_at": f"{_at(received)[:-5]}Z", "headers": headers, "body": body})


def push(change: Change, by: Person, ref: str, before: str, after: str, at_ms: int) -> Record:
    """Return the hook of a push."""
    own = repository(change.repository)
    number = change.number * 2 + (ref == "main")
    author = {"name": change.author.name, "email": change.author.email, "date": f"{_at(at_ms - 30_000)[:19]}Z"}
    resource = {
        "commits": [{"commitId": after, "author": author, "committer": author, "comment": change.title}],
        "refUpdates": [{"name": f"refs/heads/{ref}", "oldObjectId": before, "newObjectId": after}],
        "repository": own,
        "pushedBy": person(by),
        "pushId": number,
        "date": _at(at_ms),
        "url": f"{own['url']}/pushes/{number}",
    }
    return hook("git.push", f"{by.name} pushed updates to {own['name']}:{ref}", resource, at_ms)


def pull_request(change: Change, status: str, approved: bool) -> dict[str, Any]:
    """Return a pull request that is `active` or `completed`."""
    own = repository(change.repository)
    merged = status == "completed"
    vote = {**person(change.reviewer), "vote": 10 if approved else 0, "hasDeclined": False, "isFlagged": False}
    return {
        "repository": own,
        "pullRequestId": change.number,
        "codeReviewId": change.number,
        "status": status,
        "createdBy": person(change.author),
        "creationDate": _at(change.opened_ms),
        **({"closedDate": _at(change.merged_ms), "closedBy": person(change.reviewer)} if merged else {}),
        "title": change.title,
        "description": "",
        "sourceRefName": f"refs/heads/{change.branch}",
        "targetRefName": "refs/heads/main",
        "mergeStatus": "succeeded",
        "isDraft": False,
        "lastMergeSourceCommit": {"commitId": change.head},
        "lastMergeTargetCommit": {"commitId": change.base},
        "lastMergeCommit": {"commitId": change.merged},
        "reviewers": [vote],
        "url": f"{own['url']}/pullRequests/{change.number}",
    }


def build(run: Pipeline, *, over: bool) -> dict[str, Any]:
    """Return a build that runs, or has ended."""
    own = uid(NAME, PROJECT)
    reason = {"change": "pullRequest", "push": "individualCI", "schedule": "schedule"}[run.trigger]
    return {
        "id": run.serial,
        "buildNumber": f"{compact_time(run.began_ms // 1000, '%Y%m%d')}.{run.serial}",
        "status": "completed" if over else "inProgress",
        **({"result": "succeeded" if run.passed else "failed"} if over else {}),
        "queueTime": _at(run.began_ms),
        "startTime": _at(run.began_ms + 3000),
        **({"finishTime": _at(run.ended_ms)} if over else {}),
        "url": _url(own, "_apis/build/Builds", run.serial),
        "definition": {"id": 5, "name": f"{run.repository.partition('/')[2]}-ci", "path": "\\", "type": "build"},
        "project": _project(),
        "sourceBranch": f"refs/heads/{run.ref}",
        "sourceVersion": run.commit,
        "queue": {"id": 9, "name": "Azure Pipelines", "pool": {"id": 9, "name": "Azure Pipelines", "isHosted": True}},
        "priority": "normal",
        "reason": reason,
        "requestedFor": person(run.person),
        "requestedBy": person(run.person),
        "repository": {**repository(run.repository), "type": "TfsGit"},
    }


def job(run: Pipeline, one: Job) -> dict[str, Any]:
    """Return the record of a job that has ended, out of a build's timeline."""
    return {
        "previousAttempts": [],
        "id": uid(run.uid, one.name),
        "parentId": uid(run.uid, "stage"),
        "type": "Job",
        "name": one.name,
        "startTime": _at(one.began_ms),
        "finishTime": _at(one.ended_ms),
        "state": "completed",
        "result": "succeeded" if one.passed else "failed",
        "lastModified": "0001-01-01T00:00:00",
        "workerName": "Hosted Agent",
        "errorCount": 0 if one.passed else 1,
        "warningCount": 0,
        "url": None,
        "log": {
            "id": 10,
            "type": "Container",
            "url": _url(uid(NAME, PROJECT), "_apis/build/builds", run.serial, "logs/10"),
        },
        "attempt": 1,
        "identifier": f"{one.name}.__default",
    }


def artifact(run: Pipeline) -> dict[str, Any]:
    """Return the build that a release deploys, as the release names it."""
    own, short = uid(NAME, run.repository), run.repository.partition("/")[2]
    number = build(run, over=True)["buildNumber"]
    return {
        "sourceId": f"{uid(NAME, PROJECT)}:5",
        "type": "Build",
        "alias": f"_{short}-ci",
        "isPrimary": True,
        "definitionReference": {
            "definition": {"id": "5", "name": f"{short}-ci"},
            "project": {"id": uid(NAME, PROJECT), "name": PROJECT},
            "repository": {"id": own, "name": short},
            "version": {"id": str(run.serial), "name": number},
            "sourceVersion": {"id": run.commit, "name": ""},
            "branch": {"id": f"refs/heads/{run.ref}", "name": f"refs/heads/{run.ref}"},
        },
    }


def deployed(run: Pipeline) -> Record:
    """Return the hook of a release that was deployed."""
    name, at = run.environment.capitalize(), run.jobs[-1].ended_ms
    releases = f"https://vsrm.dev.azure.com/{ORGANISATION}/{uid(NAME, PROJECT)}/_apis/Release/releases"
    stage = {"id": run.serial, "releaseId": run.serial, "name": name, "status": "succeeded"}
    deployment = {
        "id": run.serial,
        "release": {
            "id": run.serial,
            "name": f"Release-{run.serial}",
            "url": f"{releases}/{run.serial}",
            "artifacts": [artifact(run)],
        },
        "attempt": 1,
        "reason": "automated",
        "deploymentStatus": "succeeded",
        "operationStatus": "Approved",
        "requestedBy": person(run.person),
        "startedOn": _at(run.jobs[-1].began_ms),
        "completedOn": _at(at),
    }
    resource = {"environment": stage, "project": _project(), "deployment": deployment}
    said = f"Deployment of release Release-{run.serial} on stage {name} Succeeded."
    return hook("ms.vss-release.deployment-completed-event", said, resource, at)


def entry(action: str, category: str, by: Person, details: str, data: dict[str, Any], at_ms: int) -> Record:
    """Return an entry of the audit log."""
    project = data.get("ProjectName", "")
    body = {
        "id": f"{LEFT - at_ms * 10_000};00000064-0000-8888-8000-000000000000;{uid(NAME, action, at_ms)}",
        "correlationId": uid(NAME, "correlation", action, at_ms),
        "activityId": uid(NAME, "activity", action, at_ms),
        "actorCUID": uid(NAME, "cuid", by.email),
        "actorUserId": uid(NAME, by.email),
        "actorUPN": by.email,
        "actorDisplayName": by.name,
        "authenticationMechanism": "AAD_Cookie",
        "timestamp": _at(at_ms),
        "scopeType": "organization",
        "scopeDisplayName": f"{ORGANISATION} (Organization)",
        "scopeId": uid(NAME, ORGANISATION),
        "projectId": uid(NAME, project) if project else NO_PROJECT,
        "projectName": project,
        "ipAddress": by.networks[0].ip,
        "userAgent": by.user_agent,
        "actionId": action,
        "data": data,
        "details": details,
        "area": action.partition(".")[0],
        "category": category,
        "categoryDisplayName": category.capitalize(),
    }
    return _record(at_ms + STREAMED_MS, body)


def _record(at_ms: int, body: dict[str, Any]) -> Record:
    text = json.dumps(body, separators=(",", ":"))
    return Record(at_ms, ORGANISATION, uid(text), text)


def _reviewed(change: Change) -> list[Record]:
    author, critic = change.author, change.reviewer
    called = f"pull request {change.number} ({change.title}) in {change.repository.partition('/')[2]}"
    active, approved = pull_request(change, "active", False), pull_request(change, "active", True)
    done = pull_request(change, "completed", True)
    found = [
        push(change, author, change.branch, "0" * 40, change.head, change.pushed_ms),
        hook("git.pullrequest.created", f"{author.name} created {called}", active, change.opened_ms),
        hook("git.pullrequest.updated", f"{critic.name} approved {called}", approved, change.approved_ms),
        hook("git.pullrequest.merged", f"{critic.name} completed {called}", done, change.merged_ms),
        push(change, critic, "main", change.base, change.merged, change.merged_ms + 500),
        _record(change.merged_ms + POLLED_MS, done),
    ]
    if change.number % LOOKS == 0:
        found.append(
            entry("AuditLog.AccessLog", "access", critic, "Accessed the audit log", {}, change.merged_ms + 20_000)
        )
    return found


def tell(story: Story) -> list[Record]:
    """Return what the hooks, the API and the audit log tell of a story."""
    found = _reviewed(story.change) if story.change else []
    for run in story.runs:
        ended = build(run, over=True)
        said = f"Build {ended['buildNumber']} {ended['result']}"
        found += [
            _record(run.began_ms + POLLED_MS // 4, build(run, over=False)),
            *(_record(one.ended_ms + POLLED_MS, job(run, one)) for one in run.jobs),
            hook("build.complete", said, ended, run.ended_ms),
            _record(run.ended_ms + POLLED_MS, ended),
        ]
        if run.environment:
            connection = f"{run.environment}-subscription"
            data = {
                "ConnectionName": connection,
                "ConnectionType": "azurerm",
                "ProjectName": PROJECT,
                "PlanType": "Release",
            }
            details = f'Service Connection "{connection}" of type azurerm executed in project {PROJECT}'
            began = run.jobs[-1].began_ms
            found += [
                deployed(run),
                entry("Library.ServiceConnectionExecuted", "execute", run.person, details, data, began),
            ]
    return found


def _open(run: Run, expected: float) -> Pipelines:
    return Pipelines(run, NAME, ROOT, [Stream(run, expected / SOURCE.share, NAME, REPOSITORIES)], tell)


SOURCE = Source(name=NAME, root=ROOT, share=EACH * RATE, open=_open)
