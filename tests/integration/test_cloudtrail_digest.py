"""CloudTrail digests out of a bucket: each lands with a verdict on its signature, from keys that AWS gives."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.cloudtrail_server import PublicKeys, Signer, Trail
from tests.integration.conftest import s3_client
from tests.landed import Landed
from transforms.errors import ConfigError, RetryableError
from transforms.land import land, now
from transforms.quarantine import replay
from transforms.readers import cloudtrail_keys
from transforms.settings import Settings

pytestmark = pytest.mark.emulator
NAME = "aws_cloudtrail_digest"
START = datetime(2026, 3, 2, 8, 10, tzinfo=UTC)


@pytest.fixture
def keys() -> Iterator[PublicKeys]:
    cloudtrail_keys._listed.clear()
    server = PublicKeys(Signer(), Signer())
    yield server
    server.close()
    assert server.problems == []


class Bucket:
    """A bucket with a trail that signs, and a lake that lands from it."""

    def __init__(self, aws: Mapping[str, str], keys: PublicKeys, lake: Path) -> None:
        self.client, self.name = s3_client(aws), f"trail-{uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=self.name)
        self.trail = Trail(self.name, keys.signers[1], START)
        environment = {**aws, "AWS_ENDPOINT_URL_CLOUDTRAIL": keys.origin}
        self.lake = Landed(Settings(lake=str(lake), environment=environment, workers=1))

    def put(self, key: str, body: bytes, metadata: Mapping[str, str]) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=body, Metadata=dict(metadata))

    def land(self, **options: Any) -> list[dict[str, Any]]:
        """What the attributes say of the signature of every digest in the lake, in order of time."""
        land(self.lake.settings, NAME, f"s3://{self.name}", **options)
        rows = sorted(self.lake.rows(f"bronze/{NAME}"), key=lambda row: row["event_time"])
        return [json.loads(row["attributes"])["signature"] for row in rows]


@pytest.fixture
def bucket(aws: Mapping[str, str], keys: PublicKeys, tmp_path: Path) -> Bucket:
    return Bucket(aws, keys, tmp_path / "lake")


def test_what_cloudtrail_signed_is_valid_and_kept_byte_for_byte(bucket: Bucket, keys: PublicKeys) -> None:
    bodies = []
    for _ in range(3):
        key, body, metadata = bucket.trail.deliver()
        bucket.put(key, body, metadata)
        bodies.append(gzip.decompress(body))
    # the trail's log files and Config's lie in the same bucket, and are other sources'
    for other in ("CloudTrail/eu-central-1/x.json.gz", "Config/eu-central-1/x.json.gz"):
        bucket.put(f"AWSLogs/111122223333/{other}", b"{}", {})
    found = bucket.land()
    assert [said["state"] for said in found] == ["valid"] * 3
    assert found[2]["value"] == bucket.trail.last["signature"]
    assert sorted(raw.encode() for _, _, raw in bucket.lake.bronze(NAME)) == sorted(bodies)
    assert bucket.lake.quarantine() == []
    assert len(keys.requests) == 2, "both pages, once for all digests of a day"


def test_what_was_altered_is_invalid_and_says_why(bucket: Bucket, keys: PublicKeys) -> None:
    stranger = Trail(bucket.name, Signer(), START + timedelta(hours=4))
    altered, body, metadata = bucket.trail.deliver()
    bucket.put(altered, gzip.compress(gzip.decompress(body).replace(b"Start", b"Begin")), metadata)
    unsigned, body, metadata = bucket.trail.deliver()
    bucket.put(unsigned, body, {})
    torn, body, metadata = bucket.trail.deliver()
    bucket.put(torn, body, {**metadata, "signature": metadata["signature"][:-2] + "zz"})
    weak, body, metadata = bucket.trail.deliver()
    bucket.put(weak, body, {**metadata, "signature-algorithm": "MD5withRSA"})
    bucket.put(*stranger.deliver())
    assert [(said["state"], said["reason"]) for said in bucket.land()] == [
        ("invalid", "the signature is not of this digest"),
        ("invalid", "the object carries no signature"),
        ("invalid", "the signature or the digest's time is unreadable"),
        ("invalid", "signed with another algorithm than SHA256withRSA"),
        ("invalid", "signed with a key that AWS does not know"),
    ]


def test_a_digest_that_names_another_host_asks_nobody(bucket: Bucket, keys: PublicKeys) -> None:
    """A region out of a digest becomes no address, and a signature over the very bytes helps nothing."""
    key, body, _ = bucket.trail.deliver()
    text = gzip.decompress(body).replace(b"Digest/eu-central-1/", b"Digest/evil.example.com#/")
    signature = keys.signers[1].sign(json.loads(text), text)
    bucket.put(key, gzip.compress(text), {"signature": signature, "signature-algorithm": "SHA256withRSA"})
    assert [said["state"] for said in bucket.land()] == ["invalid"]
    assert keys.requests == []


def test_without_keys_nothing_lands_and_nothing_is_lost(bucket: Bucket, keys: PublicKeys) -> None:
    bucket.put(*bucket.trail.deliver())
    keys.faults = [(400, "AccessDeniedException")]
    with pytest.raises(ConfigError, match="cloudtrail:ListPublicKeys in eu-central-1: AccessDeniedException"):
        bucket.land()
    keys.faults = [(503, "ServiceUnavailable")] * 5
    with pytest.raises(RetryableError, match="ServiceUnavailable"):
        bucket.land()
    assert bucket.lake.rows(f"bronze/{NAME}") == bucket.lake.quarantine() == []
    assert [said["state"] for said in bucket.land()] == ["valid"]


def test_what_was_given_up_without_keys_is_verified_by_a_replay(bucket: Bucket, keys: PublicKeys) -> None:
    bucket.put(*bucket.trail.deliver())
    for hours in range(4):
        keys.faults = [(400, "AccessDeniedException")]
        with pytest.raises(ConfigError):
            bucket.land(clock=lambda hours=hours: now() + timedelta(hours=hours))
    keys.faults = [(400, "AccessDeniedException")]
    assert bucket.land(clock=lambda: now() + timedelta(hours=4)) == []
    assert [reason[:28] for _, _, reason, _ in bucket.lake.quarantine()] == ["unreadable after 5 attempts:"]
    assert replay(bucket.lake.settings, NAME).records == 1
    assert [said["state"] for said in bucket.land()] == ["valid"]


def test_keys_may_come_from_a_file(bucket: Bucket, keys: PublicKeys, tmp_path: Path) -> None:
    """The answer of the AWS command line, for where AWS is not asked; a file that is none says so."""
    path = tmp_path / "keys.json"
    signer = keys.signers[1]
    listed = [{"Value": base64.b64encode(signer.public).decode(), "Fingerprint": signer.fingerprint}]
    path.write_text(json.dumps({"PublicKeyList": listed}))
    environment = {**bucket.lake.settings.environment, cloudtrail_keys.KEYS_FILE: str(path)}
    bucket.lake = Landed(Settings(lake=bucket.lake.settings.lake, environment=environment, workers=1))
    bucket.put(*bucket.trail.deliver())
    assert [said["state"] for said in bucket.land()] == ["valid"]
    assert keys.requests == []
    path.write_text("[]")
    bucket.put(*bucket.trail.deliver())
    with pytest.raises(ConfigError, match="not the answer of `aws cloudtrail list-public-keys`"):
        bucket.land()


def test_out_of_a_folder_there_is_no_signature_to_judge(tmp_path: Path) -> None:
    key, body, _ = Trail("example-trail", Signer(), START).deliver()
    path = tmp_path / "bucket" / key
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    lake = Landed(Settings(lake=str(tmp_path / "lake"), environment={}, workers=1))
    lake.land(NAME, tmp_path / "bucket")
    (row,) = lake.rows(f"bronze/{NAME}")
    assert json.loads(row["attributes"]) == {"signature": {"state": "unsigned"}}
    assert sha256(row["raw"].encode()).hexdigest() == sha256(gzip.decompress(body)).hexdigest()
