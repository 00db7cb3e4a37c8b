"""Threat intelligence that a job fetches: CISA's catalogue as it is released, and an exchange's STIX bundles in turn.

The catalogue lists some of the weaknesses that the organisation's machines have; indicators are of nobody it meets.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.inventory import Changes, Instants
from infra.local.simulate.model import DAY_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.rendering import compact_time, millis_z, uuid
from infra.local.simulate.weaknesses import KNOWN

NAME = "threat_intel"
BUCKET = "s3/example-org-threat-intel"
LISTED = 3
"""Of the known weaknesses, those that are exploited."""
BUNDLE = 3
"""Indicators of a bundle."""
AGAIN = 0.1
"""Part of what the job fetches that it fetches twice."""
IDENTITY = "identity--5a1f5b6e-0000-4000-8000-000000000001"


def catalogue(run: Run, at_ms: int) -> bytes:
    """Return a release of the catalogue."""
    added, due = (compact_time(run.start + days * DAY_S, "%Y-%m-%d") for days in (-30, -9))
    body = {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": compact_time(at_ms // 1000, "%Y.%m.%d"),
        "dateReleased": millis_z(at_ms),
        "count": LISTED,
        "vulnerabilities": [
            {
                "cveID": cve,
                "vendorProject": "Example",
                "product": package,
                "vulnerabilityName": f"Example {package} Vulnerability",
                "dateAdded": added,
                "shortDescription": f"{package} has a flaw that strangers use.",
                "requiredAction": "Apply mitigations per the vendor's instructions.",
                "dueDate": due,
                "knownRansomwareCampaignUse": "Unknown",
                "notes": f"https://example.com/{cve}",
                "cwes": ["CWE-787"],
            }
            for cve, package, *_ in KNOWN[:LISTED]
        ],
    }
    return json.dumps(body, indent=4).encode()


def bundle(at_ms: int, rng: random.Random) -> bytes:
    """Return a bundle of new indicators: a name, an address and a file."""
    lot = f"{rng.getrandbits(24):06x}"
    patterns = (
        f"[domain-name:value = 'lot-{lot}.example.net']",
        f"[ipv6-addr:value = '2001:db8:dead::{lot[:4]}']",
        f"[file:hashes.'SHA-256' = '{hashlib.sha256(lot.encode()).hexdigest()}']",
    )
    at = millis_z(at_ms)
    objects = [
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{uuid(rng.randbytes(16).hex())}",
            "created_by_ref": IDENTITY,
            "created": at,
            "modified": at,
            "indicator_types": ["malicious-activity"],
            "pattern": pattern,
            "pattern_type": "stix",
            "valid_from": at,
            "valid_until": millis_z(at_ms + 90 * DAY_S * 1000),
            "confidence": rng.choice((20, 50, 85)),
        }
        for pattern in patterns
    ]
    return json.dumps({"type": "bundle", "id": f"bundle--{uuid(rng.randbytes(16).hex())}", "objects": objects}).encode()


class Fetched:
    """The catalogues and bundles of a run."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` entries over the run."""
        self.distinct = 0
        self._run, self._rng = run, run.rng(NAME)
        self._changes, self._instants = Changes(run, expected), Instants(run, self._rng)
        self._fetched = 0

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield what is fetched in the step from `start`."""
        for at_ms in sorted(self._instants.within(start) for _ in range(self._changes.due(start, BUNDLE))):
            feed, data = (
                ("stix", bundle(at_ms, self._rng)) if self._fetched % 2 else ("cisa", catalogue(self._run, at_ms))
            )
            self._fetched += 1
            self.distinct += BUNDLE
            name = f"{compact_time(at_ms // 1000, '%Y/%m/%d/%Y%m%dT%H%M%S')}{at_ms % 1000:03d}"
            for suffix in ("", "-again") if self._rng.random() < AGAIN else ("",):
                yield Delivery(
                    source=NAME,
                    key=f"{BUCKET}/{feed}/{name}{suffix}.json",
                    data=data,
                    delivered_at=utc(at_ms // 1000),
                    offset=None,
                    records=BUNDLE,
                )

    def finish(self) -> Iterator[Delivery]:
        """Yield nothing: what was fetched is written at once."""
        yield from ()


SOURCE = Source(name=NAME, root=BUCKET, share=0.006, open=Fetched)
