"""Amazon GuardDuty findings: gzip JSON Lines, one object for each account, region and export to S3.

Shapes and keys follow the GuardDuty user guide. Strangers probe and knock at instances, and now and then somebody calls
an API from an unusual place: a finding is made once and emitted again, with a larger count, while it goes on.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

from isal import igzip

from infra.local.simulate.findings import FindingFeed
from infra.local.simulate.model import Delivery, Record, Run, Source, utc
from infra.local.simulate.network import Interface, interfaces
from infra.local.simulate.organisation import Person
from infra.local.simulate.rendering import compact_time, millis_z

NAME = "aws_guardduty"
BUCKET = "s3/example-org-findings"
EXPORT_S = 3600
"""How often changed findings are exported."""
REDELIVERY = 0.03
AGAIN = 0.6
"""Part of the emissions that are of a finding which is there already."""
OPEN = 12
"""Findings of an account that may still change: older ones are done, and some of these are archived as they go."""
ARCHIVED = 0.4
_EC2 = (
    ("Recon:EC2/PortProbeUnprotectedPort", 2, "Unprotected port on EC2 instance {} is being probed."),
    ("UnauthorizedAccess:EC2/SSHBruteForce", 2, "{} is performing SSH brute force attacks against an instance."),
    ("Impact:EC2/SuspiciousDomainRequest.Reputation", 2, "EC2 instance {} is querying a low reputation domain name."),
)
_IAM = (
    "Discovery:IAMUser/AnomalousBehavior",
    2,
    "User Developer : {} is anomalously invoking APIs commonly used in Discovery.",
)


@dataclass(slots=True)
class Finding:
    """One finding as it goes on; `body` is what does not change."""

    uid: str
    last_ms: int
    body: dict[str, object]
    service: dict[str, object]
    count: int = 0


def _remote(ip: str) -> dict[str, object]:
    return {
        "ipAddressV4": ip,
        "organization": {
            "asn": "64500",
            "asnOrg": "example hosting",
            "isp": "example hosting",
            "org": "example hosting",
        },
        "country": {"countryName": "Unknown"},
        "city": {"cityName": ""},
        "geoLocation": {"lat": 0, "lon": 0},
    }


def _instance(interface: Interface) -> dict[str, object]:
    return {
        "resourceType": "Instance",
        "instanceDetails": {
            "instanceId": interface.instance,
            "instanceType": "t3.medium",
            "platform": None,
            "networkInterfaces": [
                {
                    "networkInterfaceId": interface.uid,
                    "privateIpAddress": interface.ip,
                    "vpcId": interface.vpc,
                    "ipv6Addresses": [],
                }
            ],
            "instanceState": "running",
            "tags": [],
        },
    }


def _knock(interface: Interface, kind: str, ip: str) -> dict[str, object]:
    """What was seen at an instance: a name that it asked for, a port that was tried, a connection."""
    own = {"ipAddressV4": interface.ip}
    if "Domain" in kind:
        request = {"domain": "tracker.example.net", "protocol": "UDP", "blocked": False}
        return {"actionType": "DNS_REQUEST", "dnsRequestAction": request}
    if "Probe" in kind:
        port = {"port": 443, "portName": "HTTPS"}
        probe = {"localPortDetails": port, "localIpDetails": own, "remoteIpDetails": _remote(ip)}
        return {"actionType": "PORT_PROBE", "portProbeAction": {"blocked": False, "portProbeDetails": [probe]}}
    connection = {
        "connectionDirection": "INBOUND",
        "protocol": "TCP",
        "blocked": False,
        "localPortDetails": {"port": 22, "portName": "SSH"},
        "remotePortDetails": {"port": 51022, "portName": "Unknown"},
        "remoteIpDetails": _remote(ip),
        "localIpDetails": own,
    }
    return {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": connection}


class Findings:
    """The findings of every account, those among them that still may change."""

    def __init__(self, run: Run, rng: random.Random):
        """Begin without a finding."""
        self._rng = rng
        self._flat = [i for account in interfaces(run.organisation).values() for i in account]
        self._people = run.organisation.engineers()
        self._open: list[Finding] = []

    def emission(self, at_ms: int) -> Record:
        """Return a finding that is made, or one that goes on."""
        rng = self._rng
        if self._open and rng.random() < AGAIN:
            finding = rng.choice(self._open)
            if at_ms - finding.last_ms > EXPORT_S * 1000:
                finding.count += rng.randrange(1, 9)
                is_archived = rng.random() < ARCHIVED / 4
                if is_archived:
                    self._open.remove(finding)
                return self._render(finding, at_ms, is_archived=is_archived)
        finding = self._called(at_ms) if rng.random() < 0.1 else self._knocked(at_ms)
        self._open = [*self._open, finding][-OPEN:]
        return self._render(finding, at_ms)

    def _knocked(self, at_ms: int) -> Finding:
        rng = self._rng
        interface = rng.choice(self._flat)
        kind, severity, title = rng.choice(_EC2)
        ip = f"198.19.{rng.randrange(128, 250)}.{rng.randrange(2, 250)}"
        title = title.format(ip if title.startswith("{}") else interface.instance)
        return self._made(
            at_ms,
            interface.account,
            interface.region,
            kind,
            severity,
            title,
            _instance(interface),
            _knock(interface, kind, ip),
        )

    def _called(self, at_ms: int) -> Finding:
        """A person on the way, at an API that this person rarely calls."""
        person: Person = self._rng.choice(self._people)
        grant = person.grants[0]
        kind, severity, title = _IAM
        title = title.format(person.email)
        target = {
            "resourceType": "AccessKey",
            "accessKeyDetails": {
                "accessKeyId": f"ASIA{grant.role_id[4:20]}",
                "principalId": f"{grant.role_id}:{person.email}",
                "userType": "AssumedRole",
                "userName": grant.role,
            },
        }
        action = {
            "actionType": "AWS_API_CALL",
            "awsApiCallAction": {
                "api": "ListUsers",
                "serviceName": "iam.amazonaws.com",
                "callerType": "Remote IP",
                "remoteIpDetails": _remote(self._rng.choice(person.networks).ip),
                "affectedResources": {},
            },
        }
        return self._made(
            at_ms, grant.account, grant.region, kind, severity, title.format(person.email), target, action
        )

    def _made(
        self, at_ms: int, account: str, region: str, kind: str, severity: int, title: str, target: dict[str, object],
        action: dict[str, object],
    ) -> Finding:  # fmt: skip
        uid = self._rng.randbytes(16).hex()
        detector = f"{int(account):032x}"
        return Finding(
            uid=uid,
            last_ms=at_ms,
            body={
                "schemaVersion": "2.0",
                "accountId": account,
                "region": region,
                "partition": "aws",
                "id": uid,
                "arn": f"arn:aws:guardduty:{region}:{account}:detector/{detector}/finding/{uid}",
                "type": kind,
                "resource": target,
                "severity": severity,
                "createdAt": millis_z(at_ms),
                "title": title,
                "description": title,
            },
            service={
                "serviceName": "guardduty",
                "detectorId": detector,
                "action": action,
                "resourceRole": "ACTOR" if action["actionType"] == "DNS_REQUEST" else "TARGET",
                "additionalInfo": {"value": "{}", "type": "default"},
                "eventFirstSeen": millis_z(at_ms - 240_000),
            },
            count=1,
        )

    def _render(self, finding: Finding, at_ms: int, *, is_archived: bool = False) -> Record:
        """Return one emission of a finding."""
        updated, finding.last_ms = millis_z(at_ms), at_ms
        seen = {"eventLastSeen": millis_z(at_ms - 60_000), "archived": is_archived, "count": finding.count}
        body = finding.body | {"service": finding.service | seen, "updatedAt": updated}
        stream = f"{body['accountId']}/{body['region']}"
        return Record(at_ms, stream, f"{finding.uid}|{updated}", json.dumps(body, separators=(",", ":")))


def export(due: int, stream: str, name: str, lines: list[str]) -> Delivery:
    """Return the object that a detector exports."""
    account, region = stream.split("/")
    folder = f"{BUCKET}/AWSLogs/{account}/GuardDuty/{region}/{compact_time(due, '%Y/%m/%d')}"
    return Delivery(
        source=NAME,
        key=f"{folder}/{name}.jsonl.gz",
        data=igzip.compress("\n".join([*lines, ""]).encode(), 1, mtime=0),
        delivered_at=utc(due),
        offset=None,
        records=len(lines),
    )


def feed(run: Run, expected: float) -> FindingFeed:
    """Return `expected` ordinary emissions over the run, and their export."""
    rng = run.rng(NAME)
    findings = Findings(run, rng)
    return FindingFeed(
        run, rng, expected, emission=findings.emission, pack=export, every_s=EXPORT_S, redelivery=REDELIVERY
    )


SOURCE = Source(name=NAME, root=BUCKET, share=0.02, open=feed)
