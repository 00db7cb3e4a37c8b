"""Credentials of a machine's role leave the machine: its usual bucket is read from a network of the attacker's."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Anomaly, Chain, Scene, Step
from infra.local.simulate.sources import aws_cloudtrail as aws


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the reads, within one clock hour."""
    rng, org = scene.rng, scene.organisation
    workload = rng.choice([w for w in org.workloads if w.kind == "role" and w.does in ("data", "etl")])
    ip = scene.attacker_ip()
    session = aws.workload_session(workload, at_s=scene.hour, ip=ip, agent="aws-cli/2.15.30 md/prompt#off")
    bucket = rng.choice(org.buckets[session.account])
    reads = []
    for at in scene.times(rng.randrange(25, 90), scene.hour + 60, 3000):
        digits = rng.randbytes(16).hex()
        key = f"data/{digits[4:6]}/part-{digits[6:18]}.parquet"
        reads.append(aws.planted(session, aws.s3_object(session, "GetObject", bucket, key, digits), at, rng))
    role = f"arn:aws:iam::{workload.account}:role/{workload.name}"
    yield Step(
        source=aws.NAME,
        records=reads,
        detection="det_aws__new_network_for_principal",
        entity={"principal": role, "ip": ip},
        needs_learning=True,
        anomaly=Anomaly(principal=role, store=bucket, kind="new_network"),
    )


CHAIN = Chain(chain_id="role_export", title="A machine role's credentials used from elsewhere", plant=plant)
