"""A role session is stolen from a person's machine at night and opens the console: Okta sees nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Chain, Scene, Step
from infra.local.simulate.rhythm import activity, hour_of_week
from infra.local.simulate.sources import aws_cloudtrail as aws


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the sign-in, from the person's own network, while whoever it is sleeps."""
    rng = scene.rng
    hour = hour_of_week(scene.hour)
    asleep = min(activity(p.utc_offset_min, hour) for p in scene.organisation.engineers())
    person = scene.person(lambda p: bool(p.grants) and activity(p.utc_offset_min, hour) == asleep)
    at = scene.hour + rng.randrange(600, 3000)
    session = aws.person_session(person, rng.choice(person.grants), at_s=at, ip=rng.choice(person.networks).ip)
    yield Step(
        source=aws.NAME,
        records=[aws.planted(session, aws.console_login(success=True, mfa=False), at * 1000, rng)],
        detection="det_cross__console_login_without_idp",
        entity={"principal": session.principal, "user": person.email},
    )


CHAIN = Chain(chain_id="console_without_idp", title="A stolen role session opens the console", plant=plant)
