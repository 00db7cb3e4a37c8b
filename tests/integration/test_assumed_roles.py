"""Buckets and queues of other accounts, each read with a role of its account, out of one source."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.integration.conftest import AWS, free_port, running
from tests.landed import Landed
from transforms.errors import ConfigError
from transforms.land import land
from transforms.readers.base import open_store
from transforms.readers.s3 import EXTERNAL_ID, ROLES, role_for, session_of
from transforms.settings import Settings

pytestmark = pytest.mark.emulator
OURS, ONE, TWO = "123456789012", "111122223333", "222233334444"


def arn(account: str) -> str:
    return f"arn:aws:iam::{account}:role/catchment-read"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Environment of a moto that keeps accounts apart."""
    port = free_port()
    apart = ["env", "MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS=false"]
    command = [*apart, sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    for ready in running(command, port, tmp_path_factory.mktemp("moto")):
        yield {**AWS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ready}"}


def client(environment: Mapping[str, str], service: str, account: str) -> Any:
    """A client of somebody in an account."""
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    url = environment["AWS_ENDPOINT_URL"]
    given = session.client("sts", endpoint_url=url).assume_role(RoleArn=arn(account), RoleSessionName="owner")
    own = given["Credentials"]
    return session.client(
        service,
        endpoint_url=url,
        aws_access_key_id=own["AccessKeyId"],
        aws_secret_access_key=own["SecretAccessKey"],
        aws_session_token=own["SessionToken"],
    )


def trail(environment: Mapping[str, str], account: str, bucket: str) -> str:
    """A bucket of an account with one log file; its key."""
    key = f"AWSLogs/{account}/CloudTrail/us-east-1/2026/03/02/{account}_CloudTrail_us-east-1_20260302T0910Z_a.json.gz"
    event = {"eventID": f"e-{account}", "eventTime": "2026-03-02T09:00:00Z", "recipientAccountId": account}
    owner = client(environment, "s3", account)
    owner.create_bucket(Bucket=bucket)
    owner.put_object(Bucket=bucket, Key=key, Body=gzip.compress(json.dumps({"Records": [event]}).encode()))
    return key


def landed(lake: Landed) -> list[str]:
    return sorted(json.loads(raw)["recipientAccountId"] for _, _, raw in lake.bronze("aws_cloudtrail"))


def test_one_queue_announces_the_buckets_of_many_accounts(strict: Mapping[str, str], tmp_path: Path) -> None:
    """The queue is one account's, the buckets two others': without the roles nothing of them can be read."""
    sqs = client(strict, "sqs", ONE)
    queue = sqs.create_queue(QueueName="trail-objects")["QueueUrl"]
    for account in (ONE, TWO):
        bucket = f"trail-{account}"
        key = trail(strict, account, bucket)
        found = client(strict, "s3", account).head_object(Bucket=bucket, Key=key)
        thing = {"key": key, "size": found["ContentLength"], "eTag": found["ETag"].strip('"')}
        record = {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "eventTime": "2026-03-02T09:10:00.000Z",
            "s3": {"bucket": {"name": bucket}, "object": thing},
        }
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"Records": [record]}))
    lake = Landed(Settings(lake=str(tmp_path / "lake"), environment=strict, workers=1))
    with pytest.raises(ConfigError, match="no such queue"):
        land(lake.settings, "aws_cloudtrail", "sqs://trail-objects")
    one = {**strict, ROLES: f"trail-objects={arn(ONE)} trail-{ONE}={arn(ONE)}"}
    lake = Landed(Settings(lake=str(tmp_path / "lake"), environment=one, workers=1))
    with pytest.raises(ConfigError, match=f"trail-{TWO}"):
        land(lake.settings, "aws_cloudtrail", "sqs://trail-objects")
    both = {**strict, ROLES: f"{one[ROLES]} *-{TWO}={arn(TWO)}"}
    lake = Landed(Settings(lake=str(tmp_path / "lake"), environment=both, workers=1))
    land(lake.settings, "aws_cloudtrail", "sqs://trail-objects")
    assert landed(lake) == [ONE, TWO]
    assert lake.quarantine() == []


def test_a_bucket_is_listed_with_its_role(strict: Mapping[str, str], tmp_path: Path) -> None:
    trail(strict, TWO, "listed-trail")
    with pytest.raises(ConfigError):
        open_store("s3://listed-trail", strict).level("s3://listed-trail/")
    environment = {**strict, ROLES: f"listed-*={arn(TWO)}"}
    lake = Landed(Settings(lake=str(tmp_path / "lake"), environment=environment, workers=1))
    land(lake.settings, "aws_cloudtrail", "s3://listed-trail")
    assert landed(lake) == [TWO]


def test_the_session_is_the_roles_and_others_stay_ones_own(strict: Mapping[str, str]) -> None:
    environment = {**strict, ROLES: f"a={arn(ONE)} b*={arn(TWO)}", EXTERNAL_ID: "example-id"}

    def caller(name: str) -> str:
        sts = session_of(environment, name).client("sts", endpoint_url=strict["AWS_ENDPOINT_URL"])
        return str(sts.get_caller_identity()["Arn"])

    assert caller("a") == f"arn:aws:sts::{ONE}:assumed-role/catchment-read/catchment"
    assert caller("bucket") == f"arn:aws:sts::{TWO}:assumed-role/catchment-read/catchment"
    assert f":{OURS}:" in caller("c")
    assert f":{OURS}:" in caller("")


def test_what_is_no_role_says_so() -> None:
    assert role_for({}, "a") is None
    for text in ("arn:aws:iam::111122223333:role/read", "a=read", "a= arn:aws:iam::111122223333:role/read"):
        with pytest.raises(ConfigError, match="expected <bucket or queue>=arn"):
            role_for({ROLES: text}, "a")
