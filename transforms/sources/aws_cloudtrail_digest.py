"""AWS CloudTrail digest files: what CloudTrail says that it delivered, hour by hour, signed and chained.

A digest names the log files of its hour with their hashes, and the digest before it with its hash. Its signature lies
in the object's metadata and is verified as it lands, since SQL has no such check; the hashes are compared in SQL.
The object is the record, byte for byte: its SHA-256 (`raw_data_hash` in OCSF) is what the next digest names, and with
the signature in `attributes` anybody can verify it again.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec

from transforms.decoders.document import Document
from transforms.lake.envelope import parse_time
from transforms.sources.base import Head, KeyTemplate, Source, Value

ALGORITHM = "SHA256withRSA"


class DigestHead(Head):
    digestEndTime: Value = None
    digestS3Bucket: str | None = None
    digestS3Object: str | None = None
    digestPublicKeyFingerprint: str | None = None
    previousDigestSignature: str | None = None


HEAD = msgspec.json.Decoder(DigestHead)


def vouch(record: bytes, metadata: Mapping[str, str] | None, environment: Mapping[str, str]) -> Mapping[str, Any]:
    """What the record's attributes say of its signature: `state` is valid, invalid with the `reason`, or unsigned where
    the store keeps no metadata, as a folder does. Nothing for what is no digest.

    Raises ConfigError or RetryableError where the key cannot be asked for now.
    """
    try:
        head = HEAD.decode(record)
    except (msgspec.MsgspecError, RecursionError):
        return {}
    if metadata is None:
        return {"signature": {"state": "unsigned"}}
    signature, algorithm = metadata.get("signature"), metadata.get("signature-algorithm")
    reason = _broken(head, record, signature, algorithm, environment)
    said = {"value": signature, "algorithm": algorithm, "reason": reason}
    state = "valid" if reason is None else "invalid"
    return {"signature": {"state": state, **{k: v for k, v in said.items() if v is not None}}}


def _broken(
    head: DigestHead, record: bytes, signature: str | None, algorithm: str | None, environment: Mapping[str, str]
) -> str | None:
    """Why the signature does not hold; None where it does."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # slow to import
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    from transforms.readers.cloudtrail_keys import public_key

    if not signature:
        return "the object carries no signature"
    if algorithm != ALGORITHM:
        return f"signed with another algorithm than {ALGORITHM}"
    try:
        end, fingerprint = parse_time(head.digestEndTime), head.digestPublicKeyFingerprint or ""
        given = binascii.unhexlify(signature)
    except ValueError:
        return "the signature or the digest's time is unreadable"
    der = public_key(fingerprint, _region(head.digestS3Object or ""), end, environment)
    if der is None:
        return "signed with a key that AWS does not know"
    try:
        key = serialization.load_der_public_key(der)
        if not isinstance(key, rsa.RSAPublicKey):
            return "the key is none of RSA"
        key.verify(given, _signed(head, record), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return "the signature is not of this digest"
    except (ValueError, UnsupportedAlgorithm):
        return "the key is unreadable"
    return None


def _signed(head: DigestHead, record: bytes) -> bytes:
    """The string that CloudTrail signs."""
    before = "null" if head.previousDigestSignature is None else head.previousDigestSignature
    place = f"{head.digestS3Bucket}/{head.digestS3Object}"
    return "\n".join((str(head.digestEndTime), place, sha256(record).hexdigest(), before)).encode()


def _region(key: str) -> str:
    """The region in a digest's key: the keys of another one did not sign it."""
    return key.partition("CloudTrail-Digest/")[2].partition("/")[0]


SOURCE = Source(
    name="aws_cloudtrail_digest",
    title="AWS CloudTrail digest files",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html",
    lateness="a digest an hour",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    skip_keys=r"(^|/)AWSLogs/(o-[a-z0-9]+/)?\d{12}/(?!CloudTrail-Digest(/|$))[^/]",
    framing=Document(),
    head=DigestHead,
    clock=lambda head: head.digestEndTime,
    also_calls=("cloudtrail:ListPublicKeys",),
    vouch=vouch,
    cadence=timedelta(minutes=15),
)
