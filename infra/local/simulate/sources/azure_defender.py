"""Microsoft Defender for Cloud: what continuous export sends to an event hub, as a consumer keeps it in Blob storage.

Shapes follow the page on alert schemas and the REST reference of assessments. An alert is exported again as it goes on
and when somebody dismisses it, a recommendation when a machine fails it and when the machine meets it again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.rendering import compact_time, ticks_z, uuid
from infra.local.simulate.rhythm import hour_of_week

NAME = "azure_defender"
BUCKET = "azure/defender-export"
BATCH_S = 300
"""Seconds that the consumer gathers events before it writes a blob."""
REDELIVERY = 0.03
"""Part of the events that the hub hands on twice: its consumer starts again from a checkpoint."""
WEEKEND = 0.5
AGAIN = 0.5
"""Part of the events that are about something which is there already."""
OPEN = 12
"""Alerts and failed recommendations that may still change: older ones are done."""
_ALERTS = (
    ("VM_LoginBruteForceValidUserFailed", "Failed SSH brute force attack", "PreAttack"),
    ("ARM_UnusualOperation", "Access from an unusual location", "InitialAccess"),
)
_CHECKS = (
    ("1195afff-c881-495e-9bc5-1486211ae03f", "Machines should have vulnerability findings resolved"),
    ("d57a4221-a804-52ca-3dea-768284f06bb7", "Disks should be encrypted"),
)


@dataclass(slots=True)
class Matter:
    """An alert or a failed recommendation as it goes on; `body` is how it was exported last."""

    last_ms: int
    body: dict[str, object]
    state: dict[str, object] | None
    """That of a recommendation; an alert has none."""


class Export:
    """Ordinary alerts and recommendations, and the blobs of their consumer."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary events over the run."""
        self.distinct = 0
        self._run, self._org, self._rng = run, run.organisation, run.rng(NAME)
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0
        self._open: list[Matter] = []
        self._waiting: dict[int, list[str]] = {}

    @staticmethod
    def _level(start: int) -> float:
        return 1.0 if hour_of_week(start) < 120 else WEEKEND

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the blobs written in the step from `start`."""
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            self._debt -= 1
            at_s = min(start + self._rng.randrange(TICK_S), self._run.end - 1)
            self._publish([self._event(at_s * 1000 + self._rng.randrange(1000))])
        self._publish(planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the blobs of what is left."""
        return self._due(None)

    def _event(self, at_ms: int) -> Record:
        rng = self._rng
        if self._open and rng.random() < AGAIN:
            matter = rng.choice(self._open)
            if at_ms > matter.last_ms:
                return self._goes_on(matter, at_ms)
        matter = self._alert(at_ms) if rng.random() < 0.4 else self._assessment(at_ms)
        self._open = [*self._open, matter][-OPEN:]
        return self._render(matter, at_ms)

    def _goes_on(self, matter: Matter, at_ms: int) -> Record:
        """An alert goes on or is dismissed; a machine meets a recommendation again."""
        matter.last_ms, at = at_ms, ticks_z(at_ms, 1)
        is_over = matter.state is not None or self._rng.random() < 0.5
        if is_over:
            self._open.remove(matter)
        if matter.state is None:
            matter.body |= {"ProcessingEndTime": at, "Status": "Dismissed" if is_over else "New"}
        else:
            matter.state |= {"code": "Healthy", "statusChangeDate": at}
        return self._render(matter, at_ms)

    def _machine(self) -> tuple[str, str]:
        """The resource id of a machine, and its name."""
        rng, org = self._rng, self._org
        subscription, group = rng.choice(tuple(org.subscriptions)), rng.choice(org.resource_groups)
        name = rng.choice(org.virtual_machines)
        scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
        return f"{scope}/providers/Microsoft.Compute/virtualMachines/{name}", name

    def _alert(self, at_ms: int) -> Matter:
        rng = self._rng
        (resource, name), (kind, title, intent) = self._machine(), rng.choice(_ALERTS)
        begun, at = ticks_z(at_ms - 240_000, 1), ticks_z(at_ms, 1)
        entities: list[dict[str, object]] = [{"$id": "1", "HostName": name, "AzureID": resource, "Type": "host"}]
        address = f"198.19.{rng.randrange(128, 250)}.{rng.randrange(2, 250)}"
        if kind == "ARM_UnusualOperation":
            person = rng.choice(self._org.engineers())
            user, domain = person.email.split("@")
            address = rng.choice(person.networks).ip
            account = {"Name": user, "UPNSuffix": domain, "AadUserId": person.azure_object_id, "Type": "account"}
            entities.append({"$id": "2"} | account)
        entities.append({"$id": "3", "Address": address, "Location": {"CountryCode": "AT", "Asn": 64500}, "Type": "ip"})
        body: dict[str, object] = {
            "VendorName": "Microsoft",
            "AlertType": kind,
            "ProductName": "Microsoft Defender for Cloud",
            "StartTimeUtc": begun,
            "EndTimeUtc": begun,
            "TimeGenerated": at,
            "ProcessingEndTime": at,
            "Severity": "Low",
            "Status": "New",
            "IsIncident": False,
            "SystemAlertId": f"{rng.randrange(10**18, 10**19)}_{uuid(rng.randbytes(16).hex())}",
            "Intent": intent,
            "AzureResourceId": resource,
            "CompromisedEntity": name,
            "AlertDisplayName": title,
            "Description": f"{title}: {name}.",
            "Entities": entities,
            "ResourceIdentifiers": [
                {"$id": "4", "AzureResourceId": resource, "Type": "AzureResource"},
                {"$id": "5", "AadTenantId": self._org.tenant_id, "Type": "AAD"},
            ],
            "RemediationSteps": ["Ask who uses the machine."],
            "ExtendedProperties": {"resourceType": "Virtual Machine"},
        }
        return Matter(last_ms=at_ms, body=body, state=None)

    def _assessment(self, at_ms: int) -> Matter:
        rng = self._rng
        (resource, _), (key, title) = self._machine(), rng.choice(_CHECKS)
        at = ticks_z(at_ms, 1)
        # a machine is made anew under its name, so that a check of it begins anew too
        resource += f"-{rng.getrandbits(32):08x}"
        state: dict[str, object] = {"code": "Unhealthy", "statusChangeDate": at, "firstEvaluationDate": at}
        body: dict[str, object] = {
            "securityEventDataEnrichment": {"action": "Write", "apiVersion": "2019-01-01", "isSnapshot": False},
            "tenantId": self._org.tenant_id,
            "type": "Microsoft.Security/assessments",
            "id": f"{resource}/providers/Microsoft.Security/assessments/{key}",
            "name": key,
            "properties": {
                "resourceDetails": {"source": "Azure", "id": resource},
                "displayName": title,
                "status": state,
                "metadata": {"displayName": title, "assessmentType": "BuiltIn", "severity": "Low"},
            },
        }
        return Matter(last_ms=at_ms, body=body, state=state)

    @staticmethod
    def _render(matter: Matter, at_ms: int) -> Record:
        """Return one event of the export."""
        body, state = matter.body, matter.state
        if state is None:
            uid = f"{body['SystemAlertId']}|{body['Status']}|{body['ProcessingEndTime']}"
        else:
            uid = f"{body['id']}|{state['code']}|{state['statusChangeDate']}"
        return Record(at_ms, "", uid, json.dumps(body, separators=(",", ":")))

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
            name = uuid(random.Random(f"{self._run.seed}/{NAME}/{at}").randbytes(16).hex())  # noqa: S311
            yield Delivery(
                source=NAME,
                key=f"{BUCKET}/{compact_time(at, '%Y/%m/%d/%H/%M')}/{name}.json",
                data="".join(body + "\n" for body in bodies).encode(),
                delivered_at=utc(at),
                offset=None,
                records=len(bodies),
            )


SOURCE = Source(name=NAME, root=BUCKET, share=0.02, open=Export)
