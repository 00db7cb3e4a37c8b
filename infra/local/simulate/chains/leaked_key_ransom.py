"""A leaked key of an IAM user: full rights, then objects encrypted with the attacker's key and deleted."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Chain, Scene, Step
from infra.local.simulate.sources import aws_cloudtrail as aws


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the steps: all within one clock hour."""
    rng, org, start = scene.rng, scene.organisation, scene.hour
    users = [workload for workload in org.workloads if workload.kind == "user" and workload.name not in scene.claimed]
    workload = rng.choice(users)
    scene.claimed.add(workload.name)
    ip = scene.attacker_ip()
    session = aws.workload_session(workload, at_s=start, ip=ip, agent="aws-cli/2.15.30 md/prompt#off")
    entity = {"principal": session.principal}

    first = [
        aws.planted(session, aws.Call(f"{service}.amazonaws.com", name), at, rng)
        for (service, name), at in zip(
            (("sts", "GetCallerIdentity"), ("iam", "ListAttachedUserPolicies"), ("s3", "ListBuckets")),
            scene.times(3, start + 30, 240),
            strict=True,
        )
    ]
    kind = rng.choice(("User", "Role", "Group"))
    target = workload.name if kind == "User" else f"team-{rng.randrange(8)}"
    attach = aws.planted(
        session,
        aws.attach_policy(kind, target, "AdministratorAccess"),
        (start + 300 + rng.randrange(120)) * 1000,
        rng,
    )
    bucket = rng.choice(org.buckets[session.account][1:5])
    count = rng.randrange(60, 240)
    destroyed = []
    times = scene.times(count, start + 600, 2400)
    for n, at in enumerate(times):
        key = f"documents/{rng.randrange(2019, 2027)}/{rng.getrandbits(40):010x}.pdf"
        digits = rng.randbytes(16).hex()
        if n % 2:
            call = aws.s3_object(session, "DeleteObject", bucket, key, digits)
        else:
            call = aws.s3_object(
                session,
                "CopyObject",
                bucket,
                key,
                digits,
                **{
                    "x-amz-copy-source": f"{bucket}/{key}",
                    "x-amz-server-side-encryption-customer-algorithm": "AES256",
                },
            )
        destroyed.append(aws.planted(session, call, at, rng))
    note = aws.planted(
        session,
        aws.s3_object(session, "PutObject", bucket, "HOW_TO_RESTORE.txt", rng.randbytes(16).hex()),
        times[-1] + 60_000,
        rng,
    )
    yield Step(
        source=aws.NAME,
        records=first,
        evidence=[*first, attach, *destroyed, note],
        detection="det_aws__new_network_for_principal",
        entity={**entity, "ip": ip},
        needs_learning=True,
    )
    yield Step(
        source=aws.NAME,
        records=[attach],
        detection="det_aws__admin_policy_attached",
        entity={**entity, "target": target},
    )
    yield Step(
        source=aws.NAME,
        records=destroyed,
        detection="det_aws__mass_object_destruction",
        entity={**entity, "bucket": bucket},
    )
    yield Step(source=aws.NAME, records=[note])


CHAIN = Chain(
    chain_id="leaked_key_ransom",
    title="Leaked access key, administrator policy, objects encrypted with a foreign key and deleted",
    plant=plant,
)
