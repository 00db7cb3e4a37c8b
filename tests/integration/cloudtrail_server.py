"""A stand-in for CloudTrail's ListPublicKeys, which moto does not have, and a trail that signs as CloudTrail does.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
"""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.integration.standin import Answering, Server

TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListPublicKeys"
ACCOUNT, REGION = "111122223333", "eu-central-1"


class Signer:
    """One of CloudTrail's private keys."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        form = serialization.Encoding.DER, serialization.PublicFormat.PKCS1
        self.public = self.key.public_key().public_bytes(*form)
        self.fingerprint = md5(self.public).hexdigest()

    def sign(self, digest: dict[str, Any], text: bytes) -> str:
        before = digest["previousDigestSignature"] or "null"
        place = f"{digest['digestS3Bucket']}/{digest['digestS3Object']}"
        string = f"{digest['digestEndTime']}\n{place}\n{sha256(text).hexdigest()}\n{before}"
        return self.key.sign(string.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()


class Trail:
    """Digests of one region, each naming the one before. `deliver` gives key, body and metadata of the next."""

    def __init__(self, bucket: str, signer: Signer, start: datetime) -> None:
        self.bucket, self.signer, self.end = bucket, signer, start
        self.last: dict[str, Any] = {}

    def deliver(self, *log_files: tuple[str, bytes]) -> tuple[str, bytes, dict[str, str]]:
        """The digest of the next hour; `log_files` are keys and plain bytes."""
        start, self.end = self.end, self.end + timedelta(hours=1)
        name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_trail_{REGION}_{self.end:%Y%m%dT%H%M%SZ}.json.gz"
        key = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{self.end:%Y/%m/%d}/{name}"
        digest = {
            "awsAccountId": ACCOUNT,
            "digestStartTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "digestEndTime": f"{self.end:%Y-%m-%dT%H:%M:%SZ}",
            "digestS3Bucket": self.bucket,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": self.signer.fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Object": self.last.get("key"),
            "previousDigestHashValue": self.last.get("hash"),
            "previousDigestSignature": self.last.get("signature"),
            "logFiles": [
                {"s3Bucket": self.bucket, "s3Object": name, "hashValue": sha256(plain).hexdigest()}
                for name, plain in log_files
            ],
        }
        text = json.dumps(digest).encode()
        signature = self.signer.sign(digest, text)
        self.last = {"key": key, "hash": sha256(text).hexdigest(), "signature": signature}
        return key, gzip.compress(text), {"signature": signature, "signature-algorithm": "SHA256withRSA"}


class _Handler(Answering):
    api: PublicKeys

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.api.requests.append(body)
        span = body.get("EndTime", 0) - body.get("StartTime", 0)
        region = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")[2:3]
        if self.headers.get("X-Amz-Target") != TARGET or region != [REGION] or not 0 < span <= 3 * 86400:
            self.api.problems.append(str((self.headers.get("X-Amz-Target"), region, body)))
        if self.api.faults:
            status, code = self.api.faults.pop(0)
            self.answer(status, {}, json.dumps({"__type": code, "message": "no"}).encode())
            return
        first = "NextToken" not in body
        keys = self.api.signers[:1] if first else self.api.signers[1:]
        now = datetime.now(UTC).timestamp()
        listed = [
            {
                "Value": base64.b64encode(s.public).decode(),
                "ValidityStartTime": now,
                "ValidityEndTime": now,
                "Fingerprint": s.fingerprint,
            }
            for s in keys
        ]
        answer = {"PublicKeyList": listed, **({"NextToken": "more"} if first else {})}
        self.answer(200, {}, json.dumps(answer).encode())


class PublicKeys(Server):
    """Lists the public keys of `signers`, the first on a page of its own. A fault is (status, error code)."""

    handler = _Handler

    def __init__(self, *signers: Signer) -> None:
        super().__init__()
        self.signers = list(signers)
