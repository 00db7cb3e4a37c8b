"""Amazon Inspector findings: events of EventBridge one after the other, as Firehose writes them.

Shapes and the English times follow the Inspector user guide. Each weak package is found, seen again, and closed once
it is mended; a later scan may find it anew.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.local.simulate.findings import FindingFeed, events
from infra.local.simulate.model import Delivery, Record, Run, Source, utc
from infra.local.simulate.rendering import compact_time
from infra.local.simulate.weaknesses import Weakness, weaknesses

NAME = "aws_inspector"
BUCKET = "s3/example-org-inspector"
BUFFER_S = 900
"""How often the delivery stream writes what came in."""
REDELIVERY = 0.03
AGAIN = 0.6
"""Part of the emissions that are of a finding which is there already."""
CLOSED = 0.2
"""Part of these that close it."""
SCAN_S = 3600
"""An instance is not scanned again sooner."""


@dataclass(slots=True)
class Finding:
    """One weakness as long as it is there."""

    weakness: Weakness
    first_ms: int
    last_ms: int


class Findings:
    """What is weak in every account now."""

    def __init__(self, run: Run, rng: random.Random):
        """Begin without a finding."""
        self._rng = rng
        self._weaknesses = weaknesses(run.organisation)
        self._open: dict[str, Finding] = {}
        self._seen: dict[str, int] = {}

    def emission(self, at_ms: int) -> Record:
        """Return a finding that is made, or one that goes on or is closed."""
        rng = self._rng
        at_ms -= at_ms % 1000
        weakness = rng.choice(self._weaknesses)
        if self._open and rng.random() < AGAIN:
            weakness = self._open[rng.choice(sorted(self._open))].weakness
        at_ms = max(at_ms, self._seen.get(weakness.uid, 0) + 1000)  # no two emissions of a finding in one second
        self._seen[weakness.uid] = at_ms
        finding = self._open.get(weakness.uid)
        if finding is None:
            finding = self._open[weakness.uid] = Finding(weakness, at_ms, at_ms)
            return _render(finding, at_ms, "ACTIVE")
        is_closed = at_ms - finding.last_ms > SCAN_S * 1000 and rng.random() < CLOSED
        if is_closed:
            del self._open[weakness.uid]
        finding.last_ms = at_ms
        return _render(finding, at_ms, "CLOSED" if is_closed else "ACTIVE")


def english(at_ms: int) -> str:
    """Return epoch milliseconds as `Nov 2, 2026, 9:05:00 AM`, as EventBridge writes Inspector's times."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M:%S} {at:%p}"


def _render(finding: Finding, at_ms: int, status: str) -> Record:
    """Return one emission of a finding."""
    known = finding.weakness
    machine = known.interface
    body = {
        "awsAccountId": machine.account,
        "description": f"A weakness of {known.package}.",
        "exploitAvailable": "NO",
        "findingArn": known.arn,
        "firstObservedAt": english(finding.first_ms),
        "fixAvailable": "YES" if known.fixed_in else "NO",
        "inspectorScore": known.score,
        "lastObservedAt": english(at_ms),
        "packageVulnerabilityDetails": {
            "cvss": [{"baseScore": known.score, "source": "NVD", "version": "3.1"}],
            "referenceUrls": [],
            "relatedVulnerabilities": [],
            "source": "NVD",
            "sourceUrl": f"https://example.com/{known.cve}",
            "vendorSeverity": known.severity,
            "vulnerabilityId": known.cve,
            "vulnerablePackages": [
                {
                    "arch": "X86_64",
                    "epoch": 0,
                    "fixedInVersion": known.fixed_in or "NotAvailable",
                    "name": known.package,
                    "packageManager": "OS",
                    "version": known.version,
                }
            ],
        },
        "remediation": {"recommendation": {"text": "None Provided"}},
        "resources": [
            {
                "details": {"awsEc2Instance": {"platform": "AMAZON_LINUX_2023", "vpcId": machine.vpc}},
                "id": known.instance,
                "partition": "aws",
                "region": machine.region,
                "tags": {},
                "type": "AWS_EC2_INSTANCE",
            }
        ],
        "severity": known.severity,
        "status": status,
        "title": f"{known.cve} - {known.package}",
        "type": "PACKAGE_VULNERABILITY",
        "updatedAt": english(at_ms),
    }
    return Record(
        at_ms, machine.stream, f"{known.arn}|{english(at_ms)}|{status}", json.dumps(body, separators=(",", ":"))
    )


def buffered(due: int, stream: str, name: str, bodies: list[str]) -> Delivery:
    """Return the object that the delivery stream of an account and region writes."""
    return Delivery(
        source=NAME,
        key=f"{BUCKET}/{stream}/{compact_time(due, '%Y/%m/%d/%H')}"
        f"/findings-1-{compact_time(due, '%Y-%m-%d-%H-%M-%S')}-{name}.gz",
        data=events("Inspector2 Finding", "aws.inspector2", due, stream, name, bodies),
        delivered_at=utc(due),
        offset=None,
        records=len(bodies),
    )


def feed(run: Run, expected: float) -> FindingFeed:
    """Return `expected` ordinary emissions over the run, and their delivery."""
    rng = run.rng(NAME)
    findings = Findings(run, rng)
    return FindingFeed(
        run, rng, expected, emission=findings.emission, pack=buffered, every_s=BUFFER_S, redelivery=REDELIVERY
    )


SOURCE = Source(name=NAME, root=BUCKET, share=0.02, open=feed)
