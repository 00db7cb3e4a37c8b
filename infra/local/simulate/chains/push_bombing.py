"""Push after push until the user gives in, or does not."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Chain, Record, Scene, Step
from infra.local.simulate.sources import okta_system_log as okta


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the one step: all refusals within one aligned ten minutes."""
    rng = scene.rng
    person = scene.person()
    visit = okta.Visit(
        person,
        okta.attacker_network(scene.attacker_ip()),
        rng,
        agent="Mozilla/5.0 (X11; Linux x86_64)",
        is_proxy=True,
    )
    start = scene.hour + 600 * rng.randrange(5) + 20
    records: list[Record] = []
    refused: list[Record] = []
    for at in scene.times(rng.randrange(6, 15), start, 480):
        records.append(okta.push_sent(visit, person, at - 5000, rng))
        refused += okta.push_denied(visit, person, at, rng)
    records += refused
    if rng.random() < 0.5:
        records.append(
            okta.event(
                visit,
                "user.authentication.auth_via_mfa",
                refused[-1].at_ms + 15_000,
                rng,
                target=[okta.user_target(person)],
                factor="OKTA_VERIFY_PUSH",
                uri="/api/v1/authn/factors/verify",
            )
        )
    yield Step(
        source=okta.NAME,
        records=records,
        evidence=refused,
        detection="det_okta__push_bombing",
        entity={"user": person.email},
    )


CHAIN = Chain(
    chain_id="push_bombing",
    title="A user is flooded with push requests",
    plant=plant,
    may_also_fire=("det_okta__failures_then_success",),
)
