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

from tests.integration.cloudtrail_server import ACCOUNT, REGION, PublicKeys, Signer, Trail
from tests.integration.conftest import s3_client
from tests.landed import Landed
from transforms.errors import ConfigError, RetryableError
from transforms.land import land, now
from transforms.quarantine import replay
from transforms.readers import cloudtrail_keys
from transforms.readers.base import RemoteObject
from transforms.readers.s3 import S3Store
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

    def log_file(self, name: str, text: bytes = b'{"Records":[]}') -> tuple[str, bytes]:
        """The key and the plain bytes of a log file that is put there."""
        key = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/03/02/{name}.json.gz"
        self.put(key, gzip.compress(text), {})
        return key, text

    def verdicts(self, **options: Any) -> list[dict[str, Any]]:
        """What the attributes say of every digest in the lake, in order of time."""
        land(self.lake.settings, NAME, f"s3://{self.name}", **options)
        rows = sorted(self.lake.rows(f"bronze/{NAME}"), key=lambda row: row["event_time"])
        return [json.loads(row["attributes"]) for row in rows]

    def land(self, **options: Any) -> list[dict[str, Any]]:
        """What they say of its signature."""
        return [verdict["signature"] for verdict in self.verdicts(**options)]


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


def test_log_files_that_are_altered_or_gone_are_named(bucket: Bucket) -> None:
    """Each by the hash of its plain bytes, as they lie there when the digest lands."""
    whole = bucket.log_file("whole", b'{"Records":[{"eventID":"1"}]}')
    repacked = bucket.log_file("repacked")
    bucket.put(repacked[0], repacked[1], {})
    bucket.put(*bucket.trail.deliver(whole, repacked))
    altered, torn, gone = (bucket.log_file(name) for name in ("altered", "torn", "gone"))
    bucket.put(altered[0], gzip.compress(b'{"Records":[ ]}'), {})
    bucket.put(torn[0], gzip.compress(torn[1])[:-9], {})
    bucket.client.delete_object(Bucket=bucket.name, Key=gone[0])
    bucket.put(*bucket.trail.deliver(whole, altered, torn, gone))
    bucket.put(*bucket.trail.deliver())
    verdicts = bucket.verdicts()
    assert [said["signature"]["state"] for said in verdicts] == ["valid"] * 3
    assert [said.get("log_files") for said in verdicts] == [
        {"state": "whole", "verified": 2},
        {"state": "differ", "verified": 4, "altered": [altered[0], torn[0]], "missing": [gone[0]]},
        None,
    ]
    assert bucket.lake.quarantine() == []


def test_what_a_digest_names_is_no_path(bucket: Bucket, tmp_path: Path) -> None:
    """Only log files below the digest's own prefix are looked for, and none that an invalid digest names."""
    forged = Trail(bucket.name, Signer(), START)
    bucket.put(*forged.deliver(("AWSLogs/111122223333/CloudTrail/eu-central-1/2026/03/02/gone.json.gz", b"")))
    assert "log_files" not in bucket.verdicts()[0]
    secret = tmp_path / "secret.json.gz"
    secret.write_bytes(b"x")
    names = ("../secret.json.gz", str(secret), "AWSLogs/111122223333/CloudTrail/eu/../../../../../secret.json.gz", "")
    key, body, _ = Trail("example-trail", Signer(), START).deliver(*((name, b"x") for name in names))
    path = tmp_path / "bucket" / key
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    lake = Landed(Settings(lake=str(tmp_path / "other"), environment={}, workers=1))
    lake.land(NAME, tmp_path / "bucket")
    (row,) = lake.rows(f"bronze/{NAME}")
    assert json.loads(row["attributes"]) == {"signature": {"state": "unsigned"}}


def test_log_files_that_may_not_be_read_now_hold_the_digest_back(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Busy is not missing."""
    bucket.put(*bucket.trail.deliver(bucket.log_file("whole")))
    opened = S3Store.open

    def busy(store: S3Store, item: RemoteObject, *args: Any, **options: Any) -> Any:
        if "/CloudTrail/" in item.uri:
            raise RetryableError("SlowDown")
        return opened(store, item, *args, **options)

    with monkeypatch.context() as patched, pytest.raises(RetryableError, match="SlowDown"):
        patched.setattr(S3Store, "open", busy)
        bucket.verdicts()
    assert [said["log_files"]["state"] for said in bucket.verdicts()] == ["whole"]


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


def test_what_is_not_utf_8_is_put_aside(tmp_path: Path) -> None:
    key, body, _ = Trail("example-trail", Signer(), START).deliver()
    path = tmp_path / "bucket" / key
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(gzip.decompress(body).replace(ACCOUNT.encode(), b"\xe9")))
    lake = Landed(Settings(lake=str(tmp_path / "lake"), environment={}, workers=1))
    lake.land(NAME, tmp_path / "bucket")
    assert lake.bronze(NAME) == []
    assert [reason[:8] for _, _, reason, _ in lake.quarantine()] == ["not JSON"]
