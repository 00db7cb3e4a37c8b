"""The whole path with buckets instead of folders: logs in S3, the lake in S3, found by listing and by notification."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from tests.integration.conftest import s3_client
from transforms.errors import ConfigError
from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.query import rows
from transforms.warehouse.runner import build

FIXTURE = Path(__file__).parents[1] / "fixtures" / "aws_cloudtrail"
pytestmark = [pytest.mark.emulator, pytest.mark.xdist_group("aws")]


def count(settings: Settings, query: str) -> int:
    _, blocks = rows(settings, query)
    return int(next(blocks)[0][0])


def test_land_and_build_with_everything_in_buckets(aws: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in aws.items():  # the platform's chain, which DuckDB reads too
        monkeypatch.setenv(variable, value)
    client = s3_client(aws)
    name = uuid4().hex
    for bucket in (f"logs-{name}", f"lake-{name}"):
        client.create_bucket(Bucket=bucket)
    queue = s3_client(aws, "sqs").create_queue(QueueName=f"queue-{name}")["QueueUrl"]
    settings = Settings.from_env({**aws}, lake=f"s3://lake-{name}/prod")
    files = sorted(p for p in FIXTURE.rglob("*") if p.is_file())
    for path in files[:3]:
        client.upload_file(str(path), f"logs-{name}", str(path.relative_to(FIXTURE)))
    listed = land(settings, "aws_cloudtrail", f"s3://logs-{name}")
    assert listed.objects == 3
    for path in files:  # all are announced: three are known, and are not landed again
        key = str(path.relative_to(FIXTURE))
        client.upload_file(str(path), f"logs-{name}", key)
        etag = client.head_object(Bucket=f"logs-{name}", Key=key)["ETag"].strip('"')
        record = {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "eventTime": "2026-03-02T10:00:00.000Z",
            "s3": {
                "bucket": {"name": f"logs-{name}"},
                "object": {"key": key, "size": path.stat().st_size, "eTag": etag},
            },
        }
        s3_client(aws, "sqs").send_message(QueueUrl=queue, MessageBody=json.dumps({"Records": [record]}))
    announced = land(settings, "aws_cloudtrail", f"sqs://queue-{name}")
    assert announced.objects == len(files) - 3
    again = land(settings, "aws_cloudtrail", f"s3://logs-{name}", sweep=True)
    assert again.objects == 0

    built = build(settings)
    assert built.failed == {}
    distinct = count(settings, "select count(distinct event_uid) from bronze.aws_cloudtrail")
    assert built.rows == distinct > 10
    assert build(settings).rows == 0
    assert count(settings, "select count(*) from ocsf.authentication") >= 3


def test_a_store_without_conditional_put_is_refused(careless_s3: Mapping[str, str]) -> None:
    bucket = f"lake-{uuid4().hex}"
    s3_client(careless_s3).create_bucket(Bucket=bucket)
    settings = Settings.from_env({**careless_s3}, lake=f"s3://{bucket}/prod")
    with pytest.raises(ConfigError, match="conditional put"):
        land(settings, "aws_cloudtrail", str(FIXTURE))
