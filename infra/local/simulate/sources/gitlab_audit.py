"""GitLab's audit events, as the instance streams them to a collector: sign-ins, Git over HTTP, reviews and members.

Shapes follow the schema of streamed events: https://docs.gitlab.com/user/compliance/audit_event_schema/
"""

from __future__ import annotations

from typing import Any

from infra.local.simulate.gitlab import GROUP, GROUP_UID, PROJECTS, line, stream, user
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Person
from infra.local.simulate.pipelines import RATE, Pipelines, Story, uid
from infra.local.simulate.rendering import millis_z

NAME = "gitlab_audit"
ROOT = "s3/example-org-gitlab/audit"
EACH = 9
"""Records of a story."""
RUNNER_IP = "198.51.100.210"
JOINS = 12
"""One change in so many brings somebody into the group."""


def event(
    kind: str, person: Person, at_ms: int, entity: tuple[str, int, str], target: tuple[str, int, str], **details: Any
) -> Record:
    """Return one event: of an entity (type, id, path), about a target (type, id, what it is called)."""
    address = details.pop("ip_address", person.networks[0].ip)
    about = {"target_type": target[0], "target_id": target[1], "target_details": target[2]}
    body = {
        "id": uid("gitlab audit", kind, person.handle, at_ms),
        "author_id": user(person)["id"],
        "entity_id": entity[1],
        "entity_type": entity[0],
        "details": {
            "event_name": kind,
            "author_name": person.name,
            "author_class": "User",
            **about,
            **details,
            "ip_address": address,
            "entity_path": entity[2],
        },
        "ip_address": address,
        "author_name": person.name,
        "entity_path": entity[2],
        "created_at": millis_z(at_ms),
        **about,
        "event_type": kind,
    }
    return line(at_ms, {"X-Gitlab-Audit-Event-Type": kind}, body)


def git(person: Person, repository: str, service: str, at_ms: int, **details: Any) -> Record:
    """Return Git over HTTP: `git-upload-pack` fetches, `git-receive-pack` pushes."""
    entity = ("Project", PROJECTS[repository], repository)
    target = ("Project", PROJECTS[repository], repository.partition("/")[2])
    said = {"protocol": "http", "action": service}
    return event("repository_git_operation", person, at_ms, entity, target, custom_message=said, **details)


def tell(story: Story) -> list[Record]:
    """Return the events of a story: nothing is taken away, opened up or refused."""
    found = [
        git(run.person, run.repository, "git-upload-pack", job.began_ms + 900, ip_address=RUNNER_IP)
        for run in story.runs
        for job in run.jobs
    ]
    change = story.change
    if change is None:
        return found
    author, reviewer = change.author, change.reviewer
    for person, at in ((author, change.opened_ms - 8000), (reviewer, change.approved_ms - 60_000)):
        own = user(person)["id"]
        found.append(
            event(
                "authenticated_with_oauth", person, at, ("User", own, person.handle), ("User", own, person.name),
                custom_message="Signed in with OPENID_CONNECT authentication",
            )
        )  # fmt: skip
    project = ("Project", PROJECTS[change.repository], change.repository)
    request = ("MergeRequest", 9000 + change.number, change.title)
    found += [
        git(author, change.repository, "git-receive-pack", change.pushed_ms),
        event("merge_request_create", author, change.opened_ms, project, request, custom_message="Added merge request"),
        event(
            "merge_request_approval_operation", reviewer, change.approved_ms, project, request,
            custom_message="Approved merge request",
        ),
    ]  # fmt: skip
    if change.number % JOINS == 0:
        joined = ("User", user(author)["id"], author.name)
        group = ("Group", GROUP_UID, GROUP)
        at = change.merged_ms + 30_000
        found.append(event("member_created", reviewer, at, group, joined, **{"add": "user_access", "as": "Developer"}))
    return found


def _open(run: Run, expected: float) -> Pipelines:
    return Pipelines(run, NAME, ROOT, [stream(run, expected / SOURCE.share)], tell)


SOURCE = Source(name=NAME, root=ROOT, share=EACH * RATE, open=_open)
