"""Microsoft Entra audit log: an append blob `PT1H.json` for each hour, JSON Lines, growing.

Shapes follow Azure Monitor's AuditLogs reference and Graph's directoryAudit resource: `properties` is what Graph
returns, and a changed property's values are JSON text.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.diagnostics import HourlyBlobs
from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source
from infra.local.simulate.organisation import Organisation, Person, ServicePrincipal
from infra.local.simulate.rendering import ticks_z, uuid
from infra.local.simulate.rhythm import Crowd, hour_of_week

NAME = "entra_audit"
ROOT = "azure/entra-audit"
CONTAINER = "insights-logs-auditlogs"
HUMAN_SHARE = 0.6
BURST_MEAN = 1.0
_GROUPS = (("00000000-0000-4000-8000-0000000b0001", "engineering"), ("00000000-0000-4000-8000-0000000b0002", "on-call"))
_READER = ("00000000-0000-4000-8000-0000000c0001", "Directory Readers", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b")
"""(object id, name, template): the template is Microsoft's own, the same in every tenant."""

Change = tuple[str, str | None, str | None]
"""(property, value before, value after), the values as JSON text."""


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def target(kind: str, uid: str, name: str | None, changes: Sequence[Change] = (), **more: object) -> dict[str, object]:
    """Return a directory object that an entry is about."""
    changed = [{"displayName": n, "oldValue": old, "newValue": new} for n, old, new in changes]
    return {
        "id": uid,
        "displayName": name,
        "type": kind,
        **more,
        "modifiedProperties": changed,
        "administrativeUnits": [],
    }


def user_target(person: Person, changes: Sequence[Change] = ()) -> dict[str, object]:
    """Return a person as a target, known by the principal name alone."""
    return target("User", person.azure_object_id, None, changes, userPrincipalName=person.email)


def by_person(person: Person, ip: str) -> dict[str, object]:
    """Return who did it, from where."""
    return {
        "user": {
            "id": person.azure_object_id,
            "displayName": None,
            "userPrincipalName": person.email,
            "ipAddress": ip,
            "roles": [],
        }
    }


def by_application(principal: ServicePrincipal) -> dict[str, object]:
    """Return an application as who did it: its entries have no address."""
    return {
        "app": {
            "appId": None,
            "displayName": principal.name,
            "servicePrincipalId": principal.object_id,
            "servicePrincipalName": None,
        }
    }


def entry(
    org: Organisation,
    activity: str,
    category: str,
    operation: str,
    at_ms: int,
    rng: random.Random,
    initiated_by: dict[str, object],
    targets: Sequence[dict[str, object]],
    *,
    result: str = "success",
    reason: str = "",
    service: str = "Core Directory",
) -> Record:
    """Return one entry of the audit log."""
    digits = rng.randbytes(24).hex()
    correlation = uuid(digits)
    uid = f"Directory_{correlation}_{digits[32:37].upper()}_{int(digits[37:44], 16)}"
    time = ticks_z(at_ms, int(digits[44:47], 16))
    person = initiated_by.get("user")
    ip = person["ipAddress"] if isinstance(person, dict) else None
    head = {
        "time": time,
        "resourceId": f"/tenants/{org.tenant_id}/providers/Microsoft.aadiam",
        "operationName": activity,
        "operationVersion": "1.0",
        "category": "AuditLogs",
        "tenantId": org.tenant_id,
        "resultSignature": "None",
        "durationMs": 0,
        **({"callerIpAddress": ip} if ip else {}),
        "correlationId": correlation,
        "Level": 4,
        "properties": {
            "id": uid,
            "category": category,
            "correlationId": correlation,
            "result": result,
            "resultReason": reason,
            "activityDisplayName": activity,
            "activityDateTime": time.replace("Z", "+00:00"),
            "loggedByService": service,
            "operationType": operation,
            "userAgent": None,
            "initiatedBy": initiated_by,
            "targetResources": targets,
            "additionalDetails": [],
        },
    }
    return Record(at_ms, f"{CONTAINER}/tenantId={org.tenant_id}", uid, _json(head))


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < 120 else 0.7


class AuditLog:
    """Ordinary changes of the directory by people and applications, and the growth of the blob."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._org = run.organisation
        self._rng = run.rng(NAME)
        people = [person for person in self._org.people if person.uses_azure]
        self._crowd = Crowd(people, self._rng, run.start, run.end, expected * HUMAN_SHARE)
        self._rate = expected * (1 - HUMAN_SHARE) / sum(map(_level, range(run.start, run.end, TICK_S)))
        self._debt = 0.0
        self._turn = 0
        self._blobs = HourlyBlobs(NAME, ROOT, self._rng)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the growth of the blob in the step from `start`."""
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            ip = self._rng.choice(person.networks).ip
            for _ in range(size):
                self._publish([self._by_hand(person, ip, start)])
        self._debt += self._rate * _level(start)
        while self._debt > 0:
            self._debt -= 1
            self._turn += 1
            principal = self._org.service_principals[self._turn % len(self._org.service_principals)]
            self._publish([self._synchronised(principal, start)])
        self._publish(planted)
        yield from self._blobs.growth(start + TICK_S)
        self._blobs.forget(start)

    def finish(self) -> Iterator[Delivery]:
        """Yield the growth that is still to come."""
        return self._blobs.growth(None)

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        self._blobs.publish(records)

    def _at(self, start: int) -> int:
        return min(start * 1000 + self._rng.randrange(TICK_S * 1000), self._run.end * 1000 - 1)

    def _by_hand(self, person: Person, ip: str, start: int) -> Record:
        """People look after themselves; administrators after others, and never with more than a reader's role."""
        org, rng, at = self._org, self._rng, self._at(start)
        who = by_person(person, ip)
        if not person.is_admin or rng.random() < 0.3:
            activity, kind, reason = rng.choice(
                (
                    ("User registered security info", "Update", "User registered Authenticator App"),
                    ("Change password (self-service)", "Update", ""),
                    ("Update user", "Update", ""),
                )
            )
            service = "Authentication Methods" if reason else "Core Directory"
            about = [user_target(person)]
            return entry(org, activity, "UserManagement", kind, at, rng, who, about, reason=reason, service=service)
        other = rng.choice(org.people)
        uid, name = rng.choice(_GROUPS)
        group = target("Group", uid, None, groupType="unknownFutureValue")
        choice = rng.random()
        if choice < 0.3:
            member = user_target(
                other, [("Group.ObjectID", None, f'"{uid}"'), ("Group.DisplayName", None, f'"{name}"')]
            )
            return entry(org, "Add member to group", "GroupManagement", "Assign", at, rng, who, [member, group])
        if choice < 0.5:
            member = user_target(
                other, [("Group.ObjectID", f'"{uid}"', None), ("Group.DisplayName", f'"{name}"', None)]
            )
            return entry(org, "Remove member from group", "GroupManagement", "Unassign", at, rng, who, [member, group])
        if choice < 0.6:
            role, title, template = _READER
            changes: list[Change] = [
                ("Role.ObjectID", None, f'"{role}"'),
                ("Role.DisplayName", None, f'"{title}"'),
                ("Role.TemplateId", None, f'"{template}"'),
            ]
            about = [user_target(other, changes), target("Role", role, None)]
            return entry(org, "Add member to role", "RoleManagement", "Assign", at, rng, who, about)
        if choice < 0.7:
            refused = rng.random() < 0.2
            return entry(
                org,
                "Reset user password",
                "UserManagement",
                "Update",
                at,
                rng,
                who,
                [user_target(other)],
                result="failure" if refused else "success",
                reason="Microsoft.Online.Workflows.ValidationException" if refused else "",
            )
        return entry(org, "Update user", "UserManagement", "Update", at, rng, who, [user_target(other)])

    def _synchronised(self, principal: ServicePrincipal, start: int) -> Record:
        """Applications keep devices and users in step."""
        org, rng, at = self._org, self._rng, self._at(start)
        who = by_application(principal)
        if rng.random() < 0.5:
            changes: list[Change] = [("LastDirSyncTime", "[]", f'["{ticks_z(at, 0)}"]')]
            about = user_target(rng.choice(org.people), changes)
            return entry(org, "Update user", "UserManagement", "Update", at, rng, who, [about])
        device = rng.choice(org.people)
        about = target("Device", f"{device.azure_object_id[:-4]}dede", f"LAPTOP-{device.handle.upper()}")
        return entry(org, "Update device", "Device", "Update", at, rng, who, [about])


SOURCE = Source(name=NAME, root=ROOT, share=0.02, open=AuditLog)
