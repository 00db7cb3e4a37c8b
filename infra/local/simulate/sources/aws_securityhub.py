"""AWS Security Hub findings in ASFF: events of EventBridge one after the other, as Firehose writes them.

Shapes follow the Security Hub user guide. Controls find what is not as it should be, again and again until
it is mended, and what Amazon Inspector finds is handed on.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

from infra.local.simulate.findings import FindingFeed, events
from infra.local.simulate.model import Delivery, Record, Run, Source, utc
from infra.local.simulate.network import Interface, interfaces
from infra.local.simulate.rendering import compact_time, millis_z, uuid
from infra.local.simulate.weaknesses import Weakness, weaknesses

NAME = "aws_securityhub"
BUCKET = "s3/example-org-securityhub"
BUFFER_S = 900
"""How often the delivery stream writes what came in."""
REDELIVERY = 0.03
AGAIN = 0.6
"""Part of the emissions that are of a finding which is there already."""
MENDED = 0.15
"""Part of these that end it."""
CHECK_S = 3600
"""A resource is not checked again sooner."""
_CONTROLS = (
    ("EC2.8", "EC2 instances should use Instance Metadata Service Version 2 (IMDSv2)", "HIGH"),
    ("EC2.9", "EC2 instances should not have a public IPv4 address", "MEDIUM"),
    ("SSM.1", "EC2 instances should be managed by AWS Systems Manager", "MEDIUM"),
)
_NORMALIZED = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70}
_STANDARD = "standards/aws-foundational-security-best-practices/v/1.0.0"


@dataclass(slots=True)
class Finding:
    """One finding as it goes on; `body` is what does not change."""

    body: dict[str, object]
    stream: str
    created_ms: int
    last_ms: int
    is_control: bool


class Findings:
    """What is wrong in every account now."""

    def __init__(self, run: Run, rng: random.Random):
        """Begin without a finding."""
        self._rng = rng
        self._machines = [i for account in interfaces(run.organisation).values() for i in account]
        self._weaknesses = weaknesses(run.organisation)
        self._open: dict[str, Finding] = {}

    def emission(self, at_ms: int) -> Record:
        """Return a finding that is made, or one that goes on or ends."""
        rng = self._rng
        if self._open and rng.random() < AGAIN:
            finding = self._open[rng.choice(sorted(self._open))]
            if at_ms - finding.last_ms > CHECK_S * 1000:
                is_mended = rng.random() < MENDED
                if is_mended:
                    del self._open[str(finding.body["Id"])]
                return self._render(finding, at_ms, is_mended=is_mended)
        known = rng.choice(self._weaknesses)
        is_control = rng.random() < 0.6 or known.arn in self._open
        finding = self._failed(at_ms) if is_control else self._weak(known, at_ms)
        self._open[str(finding.body["Id"])] = finding
        return self._render(finding, at_ms)

    def _failed(self, at_ms: int) -> Finding:
        machine = self._rng.choice(self._machines)
        control, title, severity = self._rng.choice(_CONTROLS)
        uid = uuid(self._rng.randbytes(16).hex())
        arn = f"arn:aws:securityhub:{machine.region}:{machine.account}:security-control/{control}/finding/{uid}"
        body = {
            **_asff(machine, arn, "Security Hub", f"security-control/{control}", title, severity),
            "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
            "Remediation": {
                "Recommendation": {"Text": "See the documentation.", "Url": f"https://example.com/{control}"}
            },
        }
        return Finding(body, machine.stream, at_ms, at_ms, is_control=True)

    @staticmethod
    def _weak(known: Weakness, at_ms: int) -> Finding:
        machine = known.interface
        package = {
            "Name": known.package,
            "Version": known.version,
            "Architecture": "X86_64",
            "PackageManager": "OS",
            "FixedInVersion": known.fixed_in or "NotAvailable",
        }
        vulnerability = {
            "Id": known.cve,
            "VulnerablePackages": [package],
            "Cvss": [{"Version": "3.1", "BaseScore": known.score, "Source": "NVD"}],
            "Vendor": {"Name": "NVD", "VendorSeverity": known.severity},
            "FixAvailable": "YES" if known.fixed_in else "NO",
            "ExploitAvailable": "NO",
        }
        title = f"{known.cve} - {known.package}"
        body = {
            **_asff(machine, known.arn, "Inspector", "AWSInspector", title, known.severity),
            "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
            "Vulnerabilities": [vulnerability],
        }
        return Finding(body, machine.stream, at_ms, at_ms, is_control=False)

    def _render(self, finding: Finding, at_ms: int, *, is_mended: bool = False) -> Record:
        """Return one emission of a finding: a control passes, and what Inspector no longer sees is archived."""
        finding.last_ms = at_ms
        updated = millis_z(at_ms)
        severity = str(finding.body["severity"])
        state, workflow, extra = "ACTIVE", "NEW", {}
        if finding.is_control:
            extra = {"Compliance": _result(str(finding.body["GeneratorId"]), passed=is_mended)}
            if is_mended:
                workflow, severity = "RESOLVED", "INFORMATIONAL"
        elif is_mended:
            state = "ARCHIVED"
        body = {
            **{name: value for name, value in finding.body.items() if name != "severity"},
            "FirstObservedAt": millis_z(finding.created_ms),
            "LastObservedAt": updated,
            "CreatedAt": millis_z(finding.created_ms),
            "UpdatedAt": updated,
            "Severity": {"Label": severity, "Normalized": _NORMALIZED[severity], "Original": severity},
            **extra,
            "WorkflowState": "NEW",
            "Workflow": {"Status": workflow},
            "RecordState": state,
        }
        text = json.dumps(body, separators=(",", ":"))
        return Record(at_ms, finding.stream, f"{body['Id']}|{updated}|{workflow}|{state}", text)


def _asff(machine: Interface, arn: str, product: str, generator: str, title: str, severity: str) -> dict[str, object]:
    """What every finding about an instance has; `severity` is taken out when it is rendered."""
    resource = f"arn:aws:ec2:{machine.region}:{machine.account}:instance/{machine.instance}"
    return {
        "SchemaVersion": "2018-10-08",
        "Id": arn,
        "ProductArn": f"arn:aws:securityhub:{machine.region}::product/aws/{product.replace(' ', '').lower()}",
        "ProductName": product,
        "CompanyName": "AWS",
        "Region": machine.region,
        "GeneratorId": generator,
        "AwsAccountId": machine.account,
        "Title": title,
        "Description": title,
        "severity": severity,
        "ProductFields": {"aws/securityhub/ProductName": product, "aws/securityhub/CompanyName": "AWS"},
        "Resources": [{"Type": "AwsEc2Instance", "Id": resource, "Partition": "aws", "Region": machine.region}],
    }


def _result(generator: str, *, passed: bool) -> dict[str, object]:
    return {
        "Status": "PASSED" if passed else "FAILED",
        "SecurityControlId": generator.rpartition("/")[2],
        "AssociatedStandards": [{"StandardsId": _STANDARD}],
    }


def buffered(due: int, stream: str, name: str, bodies: list[str]) -> Delivery:
    """Return the object that the delivery stream of an account and region writes."""
    details = [f'{{"findings":[{body}]}}' for body in bodies]
    return Delivery(
        source=NAME,
        key=f"{BUCKET}/{stream}/{compact_time(due, '%Y/%m/%d/%H')}"
        f"/findings-1-{compact_time(due, '%Y-%m-%d-%H-%M-%S')}-{name}.gz",
        data=events("Security Hub Findings - Imported", "aws.securityhub", due, stream, name, details),
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
