"""A batch that runs on working days only runs at a weekend: somebody started it by hand."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import DAY_S, EPOCH_WEEKDAY, HOUR_S, SATURDAY, Anomaly, Chain, Record, Scene, Step
from infra.local.simulate.organisation import Workload
from infra.local.simulate.sources import aws_cloudtrail as aws

_BATCH = Workload(
    name="svc-payroll",
    kind="user",
    account="111122223333",
    region="us-east-1",
    ip="198.51.100.95",
    agent="Boto3/1.40.4 md/Botocore#1.40.4 ua/2.1 os/linux#6.1.132 md/arch#x86_64 lang/python#3.12.9",
    principal_id="AIDAEXAMPLEPAYROLL001",
    key_id="AKIAEXAMPLEPAYROLL01",
    session="",
    does="export",
    period_min=24 * 60,
    phase_min=0,
    weight=0.0,
)


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the batch's working days, and the run of one weekend day, no larger than any other."""
    weekend = scene.weekend()
    if weekend is None:
        return
    bucket = f"example-org-{scene.organisation.accounts[_BATCH.account]}-payroll"
    first, last = -(-scene.run.start // DAY_S), scene.run.end // DAY_S
    for day in range(first, last):
        if (day + EPOCH_WEEKDAY) % 7 < SATURDAY:
            yield Step(source=aws.NAME, records=_run(scene, bucket, day * DAY_S + 4 * HOUR_S))
    yield Step(
        source=aws.NAME,
        records=_run(scene, bucket, weekend + 4 * HOUR_S),
        anomaly=Anomaly(principal=f"arn:aws:iam::{_BATCH.account}:user/{_BATCH.name}", store=bucket, kind="weekend"),
    )


def _run(scene: Scene, bucket: str, start: int) -> list[Record]:
    session = aws.workload_session(_BATCH, at_s=start)
    records = []
    for at in scene.times(scene.rng.randrange(22, 29), start, 900):
        digits = scene.rng.randbytes(16).hex()
        call = aws.s3_object(session, "GetObject", bucket, f"payslips/{digits[:12]}.pdf", digits)
        records.append(aws.planted(session, call, at, scene.rng))
    return records


CHAIN = Chain(chain_id="weekend_batch", title="A working-day batch run by hand at a weekend", plant=plant)
