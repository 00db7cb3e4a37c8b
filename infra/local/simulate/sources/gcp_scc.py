"""Security Command Center findings: notifications, as a Cloud Storage subscription of Pub/Sub writes them in batches.

Shapes follow the reference of Finding (v2) and the page on notifications; a message is the notification's JSON. A
finding is told when it is made, again while it goes on, and at last when it is over; Pub/Sub delivers some twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.gcp_network import REGION, ZONE, Instance, instances
from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.rendering import compact_time, millis_z, uuid
from infra.local.simulate.rhythm import hour_of_week
from infra.local.simulate.sources.gcp_audit import PROJECTS

NAME = "gcp_scc"
BUCKET = "gcs/example-org-findings"
ORGANISATION = "organizations/123456789012"
BATCH_S = 300
"""Seconds that the subscription gathers messages before it writes an object."""
REDELIVERY = 0.03
WEEKEND = 0.5
AGAIN = 0.6
"""Part of the notifications that are about a finding which is there already."""
OPEN = 12
"""Findings that may still change: older ones are done."""
THREATS, HEALTH = "1000000000000000001", "1000000000000000002"
"""Sources of findings: Event Threat Detection and Security Health Analytics."""

Finding = dict[str, object]


def _made(source: str, product: str, category: str, kind: str, project: str, at_ms: int, rng: random.Random) -> Finding:
    parent = f"{ORGANISATION}/sources/{source}/locations/global"
    uid = rng.randbytes(16).hex()
    return {
        "name": f"{parent}/findings/{uid}",
        "canonicalName": f"projects/{PROJECTS[project]}/sources/{source}/locations/global/findings/{uid}",
        "parent": parent,
        "parentDisplayName": product,
        "resourceName": f"//cloudresourcemanager.googleapis.com/projects/{PROJECTS[project]}",
        "state": "ACTIVE",
        "category": category,
        "eventTime": millis_z(at_ms),
        "createTime": millis_z(at_ms),
        "severity": "LOW",
        "mute": "UNDEFINED",
        "findingClass": kind,
        "securityMarks": {"name": f"{parent}/findings/{uid}/securityMarks"},
    }


def _project(project: str) -> dict[str, object]:
    name = f"//cloudresourcemanager.googleapis.com/projects/{PROJECTS[project]}"
    return {
        "name": name,
        "displayName": project,
        "type": "google.cloud.resourcemanager.Project",
        "cloudProvider": "GOOGLE_CLOUD_PLATFORM",
        "service": "cloudresourcemanager.googleapis.com",
        "location": REGION,
        "gcpMetadata": {"project": name, "projectDisplayName": project, "organization": ORGANISATION},
    }


def _machine(machine: Instance) -> dict[str, object]:
    name = f"//compute.googleapis.com/projects/{machine.project}/zones/{ZONE}/instances/{machine.name}"
    return _project(machine.project) | {
        "name": name,
        "displayName": machine.name,
        "type": "google.compute.Instance",
        "service": "compute.googleapis.com",
        "location": ZONE,
    }


class Findings:
    """Ordinary findings, and the objects that their notifications come in."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary notifications over the run."""
        self.distinct = 0
        self._run, self._rng = run, run.rng(NAME)
        self._people = run.organisation.engineers()
        self._machines = [i for project in instances(run).values() for i in project]
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0
        self._open: list[tuple[int, Finding, dict[str, object]]] = []
        """(time of the last notification, finding, resource)."""
        self._waiting: dict[int, list[str]] = {}

    @staticmethod
    def _level(start: int) -> float:
        return 1.0 if hour_of_week(start) < 120 else WEEKEND

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that the subscription writes in the step from `start`."""
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            self._debt -= 1
            at_s = min(start + self._rng.randrange(TICK_S), self._run.end - 1)
            self._publish([self._notification(at_s * 1000 + self._rng.randrange(1000))])
        self._publish(planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects of what is left."""
        return self._due(None)

    def _notification(self, at_ms: int) -> Record:
        """A finding that is made, or one that goes on or is over."""
        rng = self._rng
        if self._open and rng.random() < AGAIN:
            index = rng.randrange(len(self._open))
            last_ms, finding, resource = self._open[index]
            if at_ms > last_ms:
                changed = finding | {"eventTime": millis_z(at_ms)}
                if rng.random() < 0.3:
                    changed["state"] = "INACTIVE"
                    del self._open[index]
                else:
                    self._open[index] = (at_ms, changed, resource)
                return self._render(changed, resource, at_ms)
        finding, resource = rng.choice((self._called, self._misconfigured, self._connected))(at_ms)
        self._open = [*self._open, (at_ms, finding, resource)][-OPEN:]
        return self._render(finding, resource, at_ms)

    def _called(self, at_ms: int) -> tuple[Finding, dict[str, object]]:
        """A person who is on the way."""
        rng = self._rng
        person, project = rng.choice(self._people), rng.choice(tuple(PROJECTS))
        finding = _made(
            THREATS, "Event Threat Detection", "Persistence: New Geography", "THREAT", project, at_ms, rng
        ) | {
            "description": "A call came from a place that is new for who made it.",
            "nextSteps": "Ask the person whether the call was theirs.",
            "mitreAttack": {"primaryTactic": "PERSISTENCE", "primaryTechniques": ["VALID_ACCOUNTS", "CLOUD_ACCOUNTS"]},
            "access": {
                "principalEmail": person.email,
                "principalSubject": f"user:{person.email}",
                "callerIp": rng.choice(person.networks).ip,
                "callerIpGeo": {"regionCode": "AT"},
                "serviceName": "compute.googleapis.com",
                "methodName": "v1.compute.instances.list",
                "userAgentFamily": "gcloud",
            },
        }
        return finding, _project(project)

    def _misconfigured(self, at_ms: int) -> tuple[Finding, dict[str, object]]:
        rng = self._rng
        machine = rng.choice(self._machines)
        category = rng.choice(("COMPUTE_SECURE_BOOT_DISABLED", "COMPUTE_PROJECT_WIDE_SSH_KEYS_ALLOWED"))
        resource = _machine(machine)
        finding = _made(
            HEALTH, "Security Health Analytics", category, "MISCONFIGURATION", machine.project, at_ms, rng
        ) | {
            "resourceName": resource["name"],
            "description": "An instance is not set up as the benchmark asks.",
            "nextSteps": "Change the instance's settings.",
        }
        return finding, resource

    def _connected(self, at_ms: int) -> tuple[Finding, dict[str, object]]:
        """An instance that asked for the name of a miner's pool, as a colleague's test does."""
        rng = self._rng
        machine = rng.choice(self._machines)
        resource = _machine(machine)
        stranger = f"198.19.{rng.randrange(128, 250)}.{rng.randrange(2, 250)}"
        finding = _made(
            THREATS,
            "Event Threat Detection",
            "Malware: Cryptomining Bad IP",
            "OBSERVATION",
            machine.project,
            at_ms,
            rng,
        ) | {
            "resourceName": resource["name"],
            "mitreAttack": {"primaryTactic": "IMPACT", "primaryTechniques": ["RESOURCE_HIJACKING"]},
            "connections": [
                {
                    "sourceIp": machine.ip,
                    "sourcePort": rng.randrange(32768, 61000),
                    "destinationIp": stranger,
                    "destinationPort": 443,
                    "protocol": "TCP",
                }
            ],
            "indicator": {"ipAddresses": [stranger]},
        }
        return finding, resource

    @staticmethod
    def _render(finding: Finding, resource: dict[str, object], at_ms: int) -> Record:
        """Return one notification."""
        body = {
            "notificationConfigName": f"{ORGANISATION}/locations/global/notificationConfigs/to-security-lake",
            "finding": finding,
            "resource": resource,
        }
        uid = "|".join(str(finding[part]) for part in ("name", "eventTime", "state", "mute"))
        return Record(at_ms, ORGANISATION, uid, json.dumps(body, separators=(",", ":")))

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        for record in records:
            written = (record.at_ms // 1000 // BATCH_S + 1) * BATCH_S
            self._waiting.setdefault(written, []).append(record.body)
            if self._rng.random() < REDELIVERY:
                self._waiting.setdefault(written + BATCH_S, []).append(record.body)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for at in sorted(at for at in self._waiting if until is None or at < until):
            bodies = self._waiting.pop(at)
            name = f"{compact_time(at, '%Y/%m/%d/%H_%M_%SZ')}_{uuid(self._rng.randbytes(16).hex())}"
            yield Delivery(
                source=NAME,
                key=f"{BUCKET}/{name}.json",
                data="".join(body + "\n" for body in bodies).encode(),
                delivered_at=utc(at),
                offset=None,
                records=len(bodies),
            )


SOURCE = Source(name=NAME, root=BUCKET, share=0.02, open=Findings)
