"""An insider reads a usual bucket at the weekend, from a usual network: only how much gives it away."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import HOUR_S, Anomaly, Chain, Scene, Step
from infra.local.simulate.sources import aws_cloudtrail as aws


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the reads of one weekend day, about fifty times what a person reads of one bucket on a working day."""
    rng, day = scene.rng, scene.weekend()
    if day is None:
        return
    person = scene.person(lambda p: bool(p.grants))
    start = day + rng.randrange(9, 19) * HOUR_S
    session = aws.person_session(person, person.grants[0], at_s=start, ip=rng.choice(person.networks).ip)
    bucket = rng.choice(scene.organisation.buckets[session.account])
    reads = []
    for at in scene.times(rng.randrange(110, 260), start, 3 * HOUR_S):
        digits = rng.randbytes(16).hex()
        key = f"data/{digits[4:6]}/part-{digits[6:18]}.parquet"
        reads.append(aws.planted(session, aws.s3_object(session, "GetObject", bucket, key, digits), at, rng))
    yield Step(
        source=aws.NAME,
        records=reads,
        detection="det_access__reads_out_of_baseline",
        entity={"principal": person.email, "bucket": bucket},
        needs_learning=True,
        anomaly=Anomaly(principal=person.email, store=bucket, kind="volume"),
    )


CHAIN = Chain(chain_id="weekend_reader", title="An insider copies a bucket at the weekend", plant=plant)
