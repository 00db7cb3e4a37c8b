"""Somebody guesses the root user's password at the console."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Chain, Scene, Step
from infra.local.simulate.sources import aws_cloudtrail as aws

_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the one step: all failures within one clock hour."""
    rng = scene.rng
    account = rng.choice(tuple(scene.organisation.accounts))
    session = aws.root_session(account, scene.attacker_ip(), _AGENT)
    records = [
        aws.planted(session, aws.console_login(success=False, mfa=False), at, rng)
        for at in scene.times(rng.randrange(5, 13), scene.hour + 60, rng.randrange(600, 3000))
    ]
    yield Step(
        source=aws.NAME,
        records=records,
        detection="det_aws__root_console_login_failures",
        entity={"principal": session.principal, "account": account},
    )


CHAIN = Chain(
    chain_id="root_guessing",
    title="Root password guessed at the console",
    plant=plant,
    may_also_fire=("det_aws__new_network_for_principal",),
)
