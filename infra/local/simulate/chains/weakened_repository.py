"""A taken-over developer: code is copied, a repository loses its protection, its pipeline deploys for the intruder."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Chain, Record, Scene, Step
from infra.local.simulate.sources import aws_cloudtrail as aws
from infra.local.simulate.sources import github_audit as github
from infra.local.simulate.stories.deployments import Cause, Deployments


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the copying within one clock hour, then the weakening, then the deployment in the next hour."""
    rng, org, start = scene.rng, scene.organisation, scene.hour
    person = scene.person(lambda p: p.is_technical)
    repository = rng.choice([r for r in org.repositories if "{run}" in r.session])
    actor = github.person_actor(person)._replace(ip=scene.attacker_ip(), country="", agent="python-requests/2.32.4")
    clones = [
        github.git(actor, "git.clone", rng.choice(org.repositories), at, rng)
        for at in scene.times(rng.randrange(21, 40), start + 60, 3300)
    ]
    yield _step(clones, "det_github__mass_clone", user=person.handle)
    at = (start + 3600 + rng.randrange(60, 600)) * 1000

    def done(action: str, **fields: object) -> Record:
        nonlocal at
        at += rng.randrange(20_000, 240_000)
        return github.event(actor, action, at, rng, within=repository, **fields)

    named = {"user": person.handle, "repository": repository.name}
    runner = done(
        "repo.register_self_hosted_runner",
        runner_id=rng.randrange(1, 900),
        runner_name="runner-x",
        operation_type="create",
    )
    yield _step([runner], "det_github__self_hosted_runner_registered", **named)
    rights = done("repo.set_default_workflow_permissions", operation_type="modify")
    yield _step([rights], "det_github__workflow_rights_changed", **named)
    unprotected = done("protected_branch.destroy", name="main", operation_type="remove")
    yield _step([unprotected], "det_github__branch_protection_removed", **named)
    key = done("public_key.create", title="deploy", read_only="false", operation_type="create")
    yield Step(source=github.NAME, records=[key])
    opened = done("repo.access", visibility="public", previous_visibility="private", operation_type="modify")
    yield _step([opened], "det_github__repository_made_public", **named)
    push = github.git(actor, "git.push", repository, at + 60_000, rng)
    yield Step(source=github.NAME, records=[push])
    cause = Cause([], [], push.at_ms, actor, "push", rng.randbytes(20).hex())
    told, edges = Deployments(scene.run, 0, rng).deployed(repository, cause)
    for source in (github.NAME, aws.NAME):
        of_source = [record for name, record in told if name == source]
        yield Step(source=source, records=of_source, edges=edges if source == aws.NAME else ())


def _step(records: list[Record], detection: str, **entity: str) -> Step:
    return Step(source=github.NAME, records=records, detection=detection, entity=entity)


CHAIN = Chain(chain_id="weakened_repository", title="Repository copied, weakened and deployed from", plant=plant)
