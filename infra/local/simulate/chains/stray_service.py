"""The key of a service account is tried out: it lists a bucket that the service has no business with."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Anomaly, Chain, Scene, Step
from infra.local.simulate.sources import aws_cloudtrail as aws


def plant(scene: Scene) -> Iterator[Step]:
    """Yield a few listings, from the service's own network."""
    rng, org = scene.rng, scene.organisation
    fit = [w for w in org.workloads if w.does in ("backup", "export") and w.name not in scene.claimed]
    workload = rng.choice(fit)
    scene.claimed.add(workload.name)
    session = aws.workload_session(workload, at_s=scene.hour)
    bucket = f"example-org-{org.accounts[workload.account]}-payroll"
    listings = [
        aws.planted(session, aws.s3_list(session, bucket, rng.randbytes(16).hex()), at, rng)
        for at in scene.times(rng.randrange(2, 6), scene.hour + 60, 600)
    ]
    yield Step(
        source=aws.NAME,
        records=listings,
        anomaly=Anomaly(principal=session.principal, store=bucket, kind="new_store"),
    )


CHAIN = Chain(chain_id="stray_service", title="A service account looks into a bucket that is not its own", plant=plant)
