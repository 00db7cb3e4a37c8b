"""CloudTrail digest files of one account: one an hour and region, which names what the trail delivered in it.

A folder keeps no metadata, so the signatures of these digests are nowhere; hashes and chain are true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256

from isal import igzip

from infra.local.simulate.model import HOUR_S, TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.rendering import compact_time, seconds_z
from infra.local.simulate.sources.aws_cloudtrail import BUCKET, GZIP_LEVEL
from infra.local.simulate.sources.aws_cloudtrail import NAME as TRAIL

NAME = "aws_cloudtrail_digest"
ACCOUNT = "111122223333"
PHASE_S = 2 * TICK_S
"""Seconds after the full hour at which a digest's hour ends."""
DELAY_S = 90
FINGERPRINT = "5f0c2d7a9e1b4836a7d05c1f2e3b4a69"


class Digests:
    """The digests of what another feed delivers."""

    def __init__(self, run: Run, expected: float):
        """`expected` is not asked for: there is a digest every hour."""
        self.distinct = 0
        self._rng = run.rng(NAME)
        self._bucket = BUCKET.removeprefix("s3/")
        self._delivered: dict[str, list[dict[str, str]]] = {}
        self._last: dict[str, tuple[str, bytes]] = {}

    def witness(self, delivery: Delivery) -> None:
        """Take note of what was delivered."""
        parts = delivery.key.removeprefix(f"{BUCKET}/").split("/")
        if delivery.source == TRAIL and parts[1] == ACCOUNT:
            log_file = {
                "s3Bucket": self._bucket,
                "s3Object": "/".join(parts),
                "hashValue": sha256(igzip.decompress(delivery.data)).hexdigest(),
                "hashAlgorithm": "SHA-256",
            }
            self._delivered.setdefault(parts[3], []).append(log_file)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the digests of the hour that ends at `start`, if one does."""
        if start % HOUR_S == PHASE_S:
            for region in sorted(self._delivered):
                yield self._digest(region, start)

    def finish(self) -> Iterator[Delivery]:
        """An hour that has not ended has no digest."""
        return iter(())

    def _digest(self, region: str, end: int) -> Delivery:
        name = f"{ACCOUNT}_CloudTrail-Digest_{region}_org-trail_{region}_{compact_time(end, '%Y%m%dT%H%M%SZ')}.json.gz"
        key = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{region}/{compact_time(end, '%Y/%m/%d')}/{name}"
        before, text = self._last.get(region, (None, None))
        digest = {
            "awsAccountId": ACCOUNT,
            "digestStartTime": seconds_z(end - HOUR_S),
            "digestEndTime": seconds_z(end),
            "digestS3Bucket": self._bucket,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": FINGERPRINT,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": before and self._bucket,
            "previousDigestS3Object": before,
            "previousDigestHashValue": text and sha256(text).hexdigest(),
            "previousDigestHashAlgorithm": before and "SHA-256",
            "previousDigestSignature": before and f"{self._rng.getrandbits(2048):0512x}",
            "logFiles": self._delivered[region],
        }
        body = json.dumps(digest, separators=(",", ":")).encode()
        self._delivered[region] = []
        self._last[region] = key, body
        self.distinct += 1
        return Delivery(
            source=NAME,
            key=f"{BUCKET}/{key}",
            data=igzip.compress(body, GZIP_LEVEL, mtime=0),
            delivered_at=utc(end + DELAY_S),
            offset=None,
            records=1,
        )


SOURCE = Source(name=NAME, root=BUCKET, share=0.0, open=Digests)
