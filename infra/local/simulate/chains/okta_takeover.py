"""From a password spray to silenced logs: an administrator's account is taken over and used in AWS."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import HOUR_S, Chain, Record, Scene, Step
from infra.local.simulate.organisation import DOMAIN, Person
from infra.local.simulate.sources import aws_cloudtrail as aws
from infra.local.simulate.sources import okta_system_log as okta

_RECON = (
    ("iam.amazonaws.com", "ListAccessKeys"), ("iam.amazonaws.com", "GetAccountAuthorizationDetails"),
    ("iam.amazonaws.com", "ListVirtualMFADevices"), ("organizations.amazonaws.com", "ListAccounts"),
    ("ec2.amazonaws.com", "DescribeInstances"), ("rds.amazonaws.com", "DescribeDBSnapshots"),
    ("s3.amazonaws.com", "GetBucketPolicy"), ("kms.amazonaws.com", "ListGrants"),
    ("guardduty.amazonaws.com", "ListDetectors"), ("ssm.amazonaws.com", "DescribeParameters"),
)  # fmt: skip


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the steps: three hours from the first guess to the stopped trail."""
    rng, org, hour = scene.rng, scene.organisation, scene.hour
    victim = scene.person(lambda p: p.is_admin and bool(p.grants))
    helper = scene.person()
    ip = scene.attacker_ip()
    network = okta.attacker_network(ip)
    agent = "python-requests/2.32.4"

    # The spray, within one clock hour: every user once.
    others: list[Person | str] = [p for p in rng.sample(org.people, rng.randrange(13, 17)) if p is not victim]
    others += [f"{name}@{DOMAIN}" for name in rng.sample(("admin", "test", "backup", "service", "it"), 2)]
    rng.shuffle(others)
    spray = [
        okta.failed_login(
            okta.Visit(who, network, rng, agent=agent, is_proxy=True),
            at,
            rng,
            unknown_user=isinstance(who, str),
        )
        for who, at in zip(others, scene.times(len(others), hour + 120, 1500), strict=True)
    ]
    yield Step(source=okta.NAME, records=spray, detection="det_okta__password_spray", entity={"ip": ip})

    # The guess that works, within one half hour.
    visit = okta.Visit(victim, network, rng, agent=agent, is_proxy=True)
    guesses = [
        okta.failed_login(visit, at, rng)
        for at in scene.times(rng.randrange(5, 10), hour + 1800 + rng.randrange(60, 300), 600)
    ]
    entered = okta.event(visit, "user.session.start", guesses[-1].at_ms + rng.randrange(20_000, 200_000), rng)
    yield Step(
        source=okta.NAME,
        records=[*guesses, entered],
        detection="det_okta__failures_then_success",
        entity={"user": victim.email},
    )

    # Somebody else's second factor is reset, and that account is made an administrator.
    at = hour * 1000 + HOUR_S * 1000 + rng.randrange(600_000)
    visit = okta.Visit(victim, network, rng, agent=agent, is_proxy=True)
    reset = okta.event(
        visit,
        rng.choice(("user.mfa.factor.reset_all", "user.mfa.factor.deactivate")),
        at,
        rng,
        target=[okta.user_target(helper)],
        uri=f"/api/v1/users/{helper.okta_id}/lifecycle/reset_factors",
    )
    yield Step(
        source=okta.NAME,
        records=[reset],
        detection="det_okta__mfa_reset",
        entity={"user": victim.email, "target": helper.email},
    )
    role = rng.choice(("Super administrator", "Organization administrator", "Application administrator"))
    grant = okta.privilege_grant(visit, helper, role, at + rng.randrange(60_000, 900_000), rng)
    yield Step(
        source=okta.NAME,
        records=[grant],
        detection="det_okta__admin_role_granted",
        entity={"user": victim.email, "target": helper.email},
    )

    yield from _in_aws(scene, victim, ip)


def _in_aws(scene: Scene, victim: Person, ip: str) -> Iterator[Step]:
    rng, org = scene.rng, scene.organisation
    start = scene.hour + 2 * HOUR_S
    session = aws.person_session(victim, victim.grants[0], at_s=start, ip=ip, agent="aws-cli/2.27.22 md/prompt#off")
    entity = {"principal": session.principal}

    hello = aws.planted(
        session, aws.Call("sts.amazonaws.com", "GetCallerIdentity"), (start + rng.randrange(60)) * 1000, rng
    )
    refused = [
        aws.planted(session, aws.denied(session, *rng.choice(_RECON)), at, rng)
        for at in scene.times(rng.randrange(18, 60), start + 90, 900)
    ]
    secrets = rng.sample(org.secrets[session.account], rng.randrange(22, 40))
    taken = [
        aws.planted(session, aws.secret_call(arn), at, rng)
        for arn, at in zip(secrets, scene.times(len(secrets), start + 1200, 1200), strict=True)
    ]
    trail = org.trails[session.account]
    at = (start + HOUR_S) * 1000 - rng.randrange(60_000, 900_000)
    silence = aws.planted(
        session,
        aws.Call(
            "cloudtrail.amazonaws.com",
            rng.choice(("StopLogging", "DeleteTrail")),
            False,
            f'{{"name":"{trail}"}}',
        ),
        at,
        rng,
    )
    everything: list[Record] = [hello, *refused, *taken, silence]
    yield Step(
        source=aws.NAME,
        records=[hello],
        evidence=everything,
        detection="det_aws__new_network_for_principal",
        entity={**entity, "ip": ip},
        needs_learning=True,
    )
    yield Step(source=aws.NAME, records=refused, detection="det_aws__access_denied_burst", entity=entity)
    yield Step(source=aws.NAME, records=taken, detection="det_aws__mass_secret_retrieval", entity=entity)
    yield Step(
        source=aws.NAME,
        records=[silence],
        detection="det_aws__audit_logging_tampered",
        entity={**entity, "trail": trail},
    )


CHAIN = Chain(
    chain_id="okta_takeover",
    title="Password spray, taken over administrator, secrets taken from AWS, trail stopped",
    plant=plant,
    may_also_fire=("det_aws__trail_not_logging", "det_okta__user_without_factor"),
)
