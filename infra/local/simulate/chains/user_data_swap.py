"""An engineer's session stops an instance, replaces its start-up script and starts it again."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Chain, Scene, Step
from infra.local.simulate.sources import aws_cloudtrail as aws


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the one step, from the person's usual network."""
    rng, org, start = scene.rng, scene.organisation, scene.hour
    person = scene.person(lambda p: bool(p.grants))
    session = aws.person_session(person, person.grants[0], at_s=start)
    instance = rng.choice(org.instances[session.account])
    times = scene.times(3, start + 60, rng.randrange(300, 1500))
    records = [
        aws.planted(session, aws.instance_call(name, instance, detail='"userData":"<sensitiveDataRemoved>"'), at, rng)
        for name, at in zip(("StopInstances", "ModifyInstanceAttribute", "StartInstances"), times, strict=True)
    ]
    yield Step(
        source=aws.NAME,
        records=records,
        detection="det_aws__user_data_swapped",
        entity={"principal": session.principal, "instance": instance},
    )


CHAIN = Chain(chain_id="user_data_swap", title="Start-up script of an instance replaced", plant=plant)
