"""Single steps, each by another insider from a usual network: nothing but the step itself gives them away."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import HOUR_S, Chain, Scene, Step
from infra.local.simulate.sources import aws_cloudtrail as aws
from infra.local.simulate.sources import okta_system_log as okta


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the single steps, an hour apart, in an order that varies."""
    steps = [_trail, _policy, _factor, _role, _secrets, _denied, _objects]
    scene.rng.shuffle(steps)
    for n, step in enumerate(steps):
        yield from step(scene, scene.hour + n * HOUR_S // 2 - n * HOUR_S // 2 % HOUR_S)


def _session(scene: Scene, at: int, *, admin: bool = False) -> aws.Session:
    person = scene.person(lambda p: bool(p.grants) and p.is_admin >= admin)
    return aws.person_session(person, person.grants[0], at_s=at, ip=scene.rng.choice(person.networks).ip)


def _trail(scene: Scene, at: int) -> Iterator[Step]:
    rng = scene.rng
    session = _session(scene, at, admin=True)
    trail = scene.organisation.trails[session.account]
    name, request = rng.choice(
        (
            (
                "PutEventSelectors",
                f'{{"trailName":"{trail}","eventSelectors":[{{"readWriteType":"ReadOnly",'
                f'"includeManagementEvents":false,"dataResources":[],"excludeManagementEventSources":[]}}]}}',
            ),
            (
                "UpdateTrail",
                f'{{"name":"{trail}","isMultiRegionTrail":false,"includeGlobalServiceEvents":false,'
                f'"enableLogFileValidation":false}}',
            ),
            ("StopLogging", f'{{"name":"{trail}"}}'),
        )
    )
    call = aws.Call("cloudtrail.amazonaws.com", name, False, request, "null" if name == "StopLogging" else request)
    record = aws.planted(session, call, (at + rng.randrange(60, 3000)) * 1000, rng)
    yield Step(
        source=aws.NAME,
        records=[record],
        detection="det_aws__audit_logging_tampered",
        entity={"principal": session.principal, "trail": trail},
    )


def _policy(scene: Scene, at: int) -> Iterator[Step]:
    rng = scene.rng
    session = _session(scene, at)
    target = f"team-{rng.randrange(8)}"
    call = aws.attach_policy(rng.choice(("User", "Role", "Group")), target, "AdministratorAccess")
    record = aws.planted(session, call, (at + rng.randrange(60, 3000)) * 1000, rng)
    yield Step(
        source=aws.NAME,
        records=[record],
        detection="det_aws__admin_policy_attached",
        entity={"principal": session.principal, "target": target},
    )


def _factor(scene: Scene, at: int) -> Iterator[Step]:
    rng = scene.rng
    actor, target = scene.person(), scene.person()
    visit = okta.Visit(actor, rng.choice(actor.networks), rng)
    kind = rng.choice(("user.mfa.factor.reset_all", "user.mfa.factor.deactivate"))
    record = okta.event(visit, kind, (at + rng.randrange(60, 3000)) * 1000, rng, target=[okta.user_target(target)])
    yield Step(
        source=okta.NAME,
        records=[record],
        detection="det_okta__mfa_reset",
        entity={"user": actor.email, "target": target.email},
    )


def _role(scene: Scene, at: int) -> Iterator[Step]:
    rng = scene.rng
    actor, target = scene.person(), scene.person()
    visit = okta.Visit(actor, rng.choice(actor.networks), rng)
    record = okta.privilege_grant(visit, target, "Help desk administrator", (at + rng.randrange(60, 3000)) * 1000, rng)
    yield Step(
        source=okta.NAME,
        records=[record],
        detection="det_okta__admin_role_granted",
        entity={"user": actor.email, "target": target.email},
    )


def _secrets(scene: Scene, at: int) -> Iterator[Step]:
    rng = scene.rng
    session = _session(scene, at)
    secrets = rng.sample(scene.organisation.secrets[session.account], rng.randrange(21, 38))
    records = [
        aws.planted(session, aws.secret_call(arn), when, rng)
        for arn, when in zip(secrets, scene.times(len(secrets), at + 60, 3000), strict=True)
    ]
    yield Step(
        source=aws.NAME,
        records=records,
        detection="det_aws__mass_secret_retrieval",
        entity={"principal": session.principal},
    )


def _denied(scene: Scene, at: int) -> Iterator[Step]:
    rng = scene.rng
    session = _session(scene, at)
    call = aws.denied(session, "iam.amazonaws.com", rng.choice(("GetRolePolicy", "ListAccessKeys", "GetPolicyVersion")))
    records = [aws.planted(session, call, when, rng) for when in scene.times(rng.randrange(16, 45), at + 60, 3000)]
    yield Step(
        source=aws.NAME,
        records=records,
        detection="det_aws__access_denied_burst",
        entity={"principal": session.principal},
    )


def _objects(scene: Scene, at: int) -> Iterator[Step]:
    rng = scene.rng
    session = _session(scene, at)
    bucket = rng.choice(scene.organisation.buckets[session.account])
    records = []
    for when in scene.times(rng.randrange(52, 130), at + 60, 3000):
        digits = rng.randbytes(16).hex()
        key = f"exports/{digits[:12]}.csv"
        records.append(aws.planted(session, aws.s3_object(session, "DeleteObject", bucket, key, digits), when, rng))
    yield Step(
        source=aws.NAME,
        records=records,
        detection="det_aws__mass_object_destruction",
        entity={"principal": session.principal, "bucket": bucket},
    )


CHAIN = Chain(
    chain_id="quiet_insider",
    title="Single steps by insiders from their usual networks",
    plant=plant,
    may_also_fire=("det_aws__trail_not_logging", "det_okta__user_without_factor"),
)
