"""A person makes an account owner of a subscription and takes storage keys for the first time."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Chain, Scene, Step
from infra.local.simulate.sources import azure_activity as azure


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the steps: now and then with elevated access to the whole tenant first."""
    rng, org, start = scene.rng, scene.organisation, scene.hour
    person = scene.person(lambda p: p.uses_azure)
    accomplice = scene.person()
    subscription = rng.choice(tuple(org.subscriptions))
    caller = azure.person_caller(org, person, subscription, scene.attacker_ip(), role="User Access Administrator")
    entity = {"caller": person.email}
    at = (start + rng.randrange(60, 900)) * 1000

    if rng.random() < 0.5:
        elevate = azure.operation(
            caller,
            "Microsoft.Authorization/elevateAccess/action",
            "/providers/Microsoft.Authorization",
            at,
            rng,
        )
        yield Step(
            source=azure.NAME,
            records=elevate,
            evidence=elevate[1:],
            detection="det_azure__privileged_role_assigned",
            entity=entity,
        )
    scope = f"/subscriptions/{subscription}"
    role = rng.choice((azure.OWNER, azure.USER_ACCESS_ADMINISTRATOR))
    assigned = azure.assign_role(
        caller, role, accomplice.azure_object_id, scope, at + rng.randrange(60_000, 600_000), rng
    )
    yield Step(
        source=azure.NAME,
        records=assigned,
        evidence=assigned[1:],
        detection="det_azure__privileged_role_assigned",
        entity={**entity, "target": accomplice.azure_object_id},
    )
    accounts = rng.sample(org.storage_accounts, rng.randrange(1, len(org.storage_accounts) + 1))
    listed = [
        azure.list_keys(caller, azure.storage_id(subscription, org.resource_groups[1], account), when, rng)
        for account, when in zip(accounts, scene.times(len(accounts), start + 1900, 900), strict=True)
    ]
    yield Step(
        source=azure.NAME,
        records=[record for pair in listed for record in pair],
        evidence=[pair[1] for pair in listed],
        detection="det_azure__storage_keys_listed_by_new_caller",
        entity=entity,
        needs_learning=True,
    )


CHAIN = Chain(chain_id="azure_owner", title="Owner of a subscription assigned, storage keys taken", plant=plant)
