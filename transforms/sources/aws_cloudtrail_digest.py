"""AWS CloudTrail digest files: what CloudTrail says that it delivered, hour by hour, signed and chained.

A digest names the log files of its hour with their hashes, and the digest before it with its hash. Its signature lies
in the object's metadata and is verified as it lands, since SQL has no such check; the hashes are compared in SQL.
The object is the record, byte for byte: its SHA-256 (`raw_data_hash` in OCSF) is what the next digest names, and with
the signature in `attributes` anybody can verify it again.
Each log file that it names is read where the digest lies, and hashed: CloudTrail delivers a log file before the digest
that names it, so what is not there now was taken away. That is a second reading for those who land digests; hashing log
files as they land would slow every trail down.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec

from transforms.decoders.compression import plain
from transforms.decoders.document import Document
from transforms.errors import DataError, ObjectGone
from transforms.sources.base import Beside, Head, KeyTemplate, Source, Value

ALGORITHM = "SHA256withRSA"


class DigestHead(Head):
    digestEndTime: Value = None
    digestS3Bucket: str | None = None
    digestS3Object: str | None = None
    digestPublicKeyFingerprint: str | None = None
    previousDigestSignature: str | None = None


class LogFile(msgspec.Struct, gc=False):
    s3Bucket: str
    s3Object: str
    hashValue: str


class Named(msgspec.Struct, gc=False):
    digestS3Bucket: str
    logFiles: list[LogFile]


HEAD = msgspec.json.Decoder(DigestHead)
NAMED = msgspec.json.Decoder(Named)
LOG_FILE = re.compile(
    r"(?:.*/)?(AWSLogs/(?:o-[a-z0-9]+/)?\d{12}/CloudTrail[A-Za-z-]*/[a-z0-9-]+/\d{4}/\d\d/\d\d/[\w.-]+\.json\.gz)",
    re.ASCII,
)
"""A log file's key; what a digest names becomes a place only in this form, and below the digest's own prefix."""
READERS = 8
LISTED = 100
"""Log files that are told by name in a verdict; all are counted."""


def vouch(record: bytes, beside: Beside) -> Mapping[str, Any]:
    """What the attributes say of a digest: its signature and its log files. Nothing for what is no digest.

    `signature`: `state` is valid, invalid with the `reason`, or unsigned where the store keeps no metadata, as a folder
    does. `log_files`, unless the signature is invalid: `state` is whole or differ, how many were `verified` (those of
    another bucket are not), and the first of those that are `altered` or `missing`.

    Raises ConfigError, RetryableError or ObjectGone where it cannot be said now.
    """
    try:
        head = HEAD.decode(record)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return {}
    metadata = beside.store.metadata(beside.item)
    if metadata is None:
        return {"signature": {"state": "unsigned"}} | _log_files(record, beside)
    signature, algorithm = metadata.get("signature"), metadata.get("signature-algorithm")
    reason = _broken(head, record, signature, algorithm, beside.settings.environment)
    said = {"value": signature, "algorithm": algorithm, "reason": reason}
    state = "valid" if reason is None else "invalid"
    verdict = {"signature": {"state": state, **{k: v for k, v in said.items() if v is not None}}}
    return verdict if reason else verdict | _log_files(record, beside)


def _log_files(record: bytes, beside: Beside) -> dict[str, Any]:
    """What became of the log files that a digest names; nothing where it names none that can be looked for."""
    before, below, _ = beside.item.uri.rpartition("AWSLogs/")
    try:
        named = NAMED.decode(record)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return {}
    keys = {
        match[1]: file.hashValue
        for file in named.logFiles
        if below and file.s3Bucket == named.digestS3Bucket and (match := LOG_FILE.fullmatch(file.s3Object))
    }
    if not keys:
        return {}
    with ThreadPoolExecutor(READERS) as readers:
        hashes = list(readers.map(lambda key: _hash(before + key, beside), keys))
    missing = [key for key, found in zip(keys, hashes, strict=True) if found is None]
    altered = [key for key, found in zip(keys, hashes, strict=True) if found is not None and found != keys[key]]
    told = {"altered": altered[:LISTED], "missing": missing[:LISTED]}
    state = "differ" if missing or altered else "whole"
    return {"log_files": {"state": state, "verified": len(keys), **{k: v for k, v in told.items() if v}}}


def _hash(uri: str, beside: Beside) -> str | None:
    """The SHA-256 of an object's plain bytes; empty where they cannot be unpacked, None where there is no object."""
    item, limit = replace(beside.item, uri=uri), beside.settings.max_document_bytes
    try:
        stream = beside.store.open(item, pin=False)
    except ObjectGone:
        return None
    try:
        unpacked, _ = plain(stream, size=limit, max_ratio=1)
        total = sha256()
        while block := unpacked.read(1 << 20):
            total.update(block)
        return total.hexdigest()
    except DataError:
        return ""
    finally:
        stream.close()


def _broken(
    head: DigestHead, record: bytes, signature: str | None, algorithm: str | None, environment: Mapping[str, str]
) -> str | None:
    """Why the signature does not hold; None where it does."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # slow to import
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    from transforms.lake.envelope import parse_time
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
