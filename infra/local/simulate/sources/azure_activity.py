"""Azure Activity Log: an append blob `PT1H.json` for each subscription and hour, JSON Lines, growing.

Shapes follow Azure Monitor's schema of exported activity logs: upper-case resource ids and operation names,
seven fractional digits, a Start and a closing record that share the correlation id.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.local.simulate.model import HOUR_S, TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import Organisation, Person, ServicePrincipal
from infra.local.simulate.rendering import compact_time, ticks_z, uuid
from infra.local.simulate.rhythm import Crowd, hour_of_week

NAME = "azure_activity"
BUCKET = "azure/insights-activity-logs"
ROOT = f"{BUCKET}/resourceId=/SUBSCRIPTIONS"
HUMAN_SHARE = 0.6
BURST_MEAN = 2.0
FLUSH_S = 300
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
USER_ACCESS_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
"""Azure's own role definition ids, the same in every tenant."""
_CLAIM = "http://schemas.microsoft.com"
_XML_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, from where, with which right."""

    ip: str
    subscription: str
    name: str
    """UPN, or the object id of a service principal."""
    claims: str
    evidence: str
    tenant: str


def person_caller(
    org: Organisation, person: Person, subscription: str, ip: str, *, role: str = "Contributor"
) -> Caller:
    """Return a person who is signed in to the portal or the command line."""
    claims = {
        "aud": "https://management.core.windows.net/",
        "iss": f"https://sts.windows.net/{org.tenant_id}/",
        f"{_CLAIM}/claims/authnclassreference": "1",
        f"{_CLAIM}/claims/authnmethodsreferences": "pwd,mfa",
        "appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        "appidacr": "0",
        f"{_XML_CLAIM}/surname": person.last,
        f"{_XML_CLAIM}/givenname": person.first,
        "ipaddr": ip,
        "name": person.name,
        f"{_CLAIM}/identity/claims/objectidentifier": person.azure_object_id,
        "puid": person.azure_puid,
        f"{_CLAIM}/identity/claims/scope": "user_impersonation",
        f"{_CLAIM}/identity/claims/tenantid": org.tenant_id,
        f"{_XML_CLAIM}/name": person.email,
        f"{_XML_CLAIM}/upn": person.email,
        "ver": "1.0",
    }
    return Caller(
        ip=ip,
        subscription=subscription,
        name=person.email,
        claims=_json(claims),
        evidence=_evidence(subscription, person.azure_object_id, "User", role),
        tenant=org.tenant_id,
    )


def principal_caller(org: Organisation, principal: ServicePrincipal, subscription: str) -> Caller:
    """Return a service principal."""
    claims = {
        "aud": "https://management.core.windows.net/",
        "iss": f"https://sts.windows.net/{org.tenant_id}/",
        "appid": principal.app_id,
        "appidacr": "2",
        f"{_CLAIM}/identity/claims/identityprovider": f"https://sts.windows.net/{org.tenant_id}/",
        f"{_CLAIM}/identity/claims/objectidentifier": principal.object_id,
        f"{_XML_CLAIM}/nameidentifier": principal.object_id,
        f"{_CLAIM}/identity/claims/tenantid": org.tenant_id,
        "idtyp": "app",
        "ver": "1.0",
    }
    return Caller(
        ip=principal.ip,
        subscription=subscription,
        name=principal.object_id,
        claims=_json(claims),
        evidence=_evidence(subscription, principal.object_id, "ServicePrincipal", "Contributor"),
        tenant=org.tenant_id,
    )


def _evidence(subscription: str, object_id: str, kind: str, role: str) -> str:
    return _json(
        {
            "role": role,
            "roleAssignmentScope": f"/subscriptions/{subscription}",
            "roleAssignmentId": object_id.replace("-", ""),
            "roleDefinitionId": CONTRIBUTOR.replace("-", ""),
            "principalId": object_id.replace("-", ""),
            "principalType": kind,
        }
    )


def storage_id(subscription: str, group: str, account: str) -> str:
    """Return the resource id of a storage account."""
    scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return f"{scope}/providers/Microsoft.Storage/storageAccounts/{account}"


def operation(
    caller: Caller,
    action: str,
    resource_id: str,
    at_ms: int,
    rng: random.Random,
    *,
    status: str = "OK",
    result: str = "Success",
    category: str = "Administrative",
    duration_ms: int | None = None,
    request: dict[str, object] | None = None,
) -> list[Record]:
    """Return the Start record of a control plane operation and the one that closes it."""
    digits = rng.randbytes(32).hex()
    correlation = uuid(digits)
    took = duration_ms if duration_ms is not None else 60 + int(digits[32:35], 16)
    identity = (
        f'{{"authorization":{{"scope":"{resource_id}","action":"{action}","evidence":{caller.evidence}}},'
        f'"claims":{caller.claims}}}'
    )
    hierarchy = f"{caller.tenant}/{caller.subscription}"
    name = action.upper()
    records: list[Record] = []
    for outcome, signature, level, at, took_ms in (
        ("Start", "Started.", "Information", at_ms, 0),
        (
            result,
            f"{_word(result)}.{status}",
            "Error" if result == "Failure" else "Information",
            at_ms + took,
            took,
        ),
    ):
        details: dict[str, object] = {}
        if outcome == "Start":
            if request is not None:
                details["requestbody"] = _json(request)
        else:
            details["statusCode"] = status
            details["serviceRequestId"] = None
        details |= {
            "eventCategory": category,
            "entity": resource_id,
            "message": action,
            "hierarchy": hierarchy,
        }
        time = ticks_z(at, int(digits[40:43], 16))
        records.append(
            Record(
                at,
                caller.subscription.upper(),
                f"{resource_id.upper()}|{name}|{correlation}|{outcome}|{time}",
                f'{{"RoleLocation":"West Europe","ReleaseVersion":"6.2026.44.3","time":"{time}",'
                f'"resourceId":"{resource_id.upper()}","operationName":"{name}","category":"{category}",'
                f'"resultType":"{outcome}","resultSignature":"{signature}","durationMs":"{took_ms}",'
                f'"callerIpAddress":"{caller.ip}","correlationId":"{correlation}","identity":{identity},'
                f'"level":"{level}","properties":{_json(details)},"tenantId":"{caller.tenant}"}}',
            )
        )
    return records


def _word(result: str) -> str:
    return {"Success": "Succeeded", "Failure": "Failed"}[result]


def health_event(org: Organisation, subscription: str, at_ms: int, rng: random.Random) -> Record:
    """Return an announcement by Azure itself: nobody calls, so there is neither identity nor address."""
    group, machine = rng.choice(org.resource_groups), rng.choice(org.virtual_machines)
    resource = (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{machine}"
    ).upper()
    name = "Microsoft.Resourcehealth/healthevent/Activated/action"
    digits = rng.randbytes(20).hex()
    correlation, time = uuid(digits), ticks_z(at_ms, int(digits[32:35], 16))
    details = {
        "title": "Virtual machine is being restarted",
        "details": None,
        "currentHealthStatus": "Unavailable",
        "previousHealthStatus": "Available",
        "type": "Downtime",
        "cause": "PlatformInitiated",
        "eventCategory": "ResourceHealth",
    }
    body = (
        f'{{"time":"{time}","resourceId":"{resource}","operationName":"{name}","category":"ResourceHealth",'
        f'"resultType":"Active","resultSignature":"","durationMs":"0","correlationId":"{correlation}",'
        f'"level":"Critical","properties":{_json(details)},"tenantId":"{org.tenant_id}"}}'
    )
    return Record(at_ms, subscription.upper(), f"{resource}|{name}|{correlation}|Active|{time}", body)


def list_keys(caller: Caller, resource_id: str, at_ms: int, rng: random.Random) -> list[Record]:
    """Return the retrieval of a storage account's keys."""
    return operation(
        caller,
        "Microsoft.Storage/storageAccounts/listKeys/action",
        resource_id,
        at_ms,
        rng,
        category="Administrative",
    )


def assign_role(
    caller: Caller, role_definition: str, principal_id: str, scope: str, at_ms: int, rng: random.Random
) -> list[Record]:
    """Return the assignment of a role at a scope."""
    assignment = uuid(rng.randbytes(16).hex())
    definition = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role_definition}"
    request: dict[str, object] = {
        "Id": assignment,
        "Properties": {
            "PrincipalId": principal_id,
            "PrincipalType": "User",
            "RoleDefinitionId": definition,
            "Scope": scope,
        },
    }
    resource = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{assignment}"
    return operation(
        caller,
        "Microsoft.Authorization/roleAssignments/write",
        resource,
        at_ms,
        rng,
        status="Created",
        request=request,
    )


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < 120 else 0.7


class ActivityLog:
    """Ordinary operations in the subscriptions, and the growth of their blobs."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._org = run.organisation
        self._rng = run.rng(NAME)
        people = [person for person in self._org.people if person.uses_azure]
        self._crowd = Crowd(people, self._rng, run.start, run.end, expected * HUMAN_SHARE)
        self._debt = 0.0
        levels = sum(map(_level, range(run.start, run.end, TICK_S)))
        self._rate = expected * (1 - HUMAN_SHARE) / levels
        self._turn = 0
        self._pending: dict[tuple[int, str, int], list[str]] = {}
        self._sizes: dict[str, int] = {}

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the growth of the blobs in the step from `start`."""
        org, rng = self._org, self._rng
        for person in self._crowd.round(start):
            for network in person.networks:
                for subscription in org.subscriptions:
                    self._publish(self._action(person_caller(org, person, subscription, network.ip), start))
        if (start - self._run.start) % (7 * 86_400) == HOUR_S:
            self._list_all_keys(start)
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            subscription = rng.choice(tuple(org.subscriptions))
            caller = person_caller(org, person, subscription, rng.choice(person.networks).ip)
            for _ in range((size + 1) // 2):
                self._publish(self._action(caller, start, admin=person.is_admin))
        self._debt += self._rate * _level(start)
        while self._debt > 0:
            self._debt -= 2
            self._turn += 1
            principal = org.service_principals[self._turn % len(org.service_principals)]
            self._publish(self._machine(principal, start))
        self._publish(planted)
        yield from self._growth(start + TICK_S)
        self._forget(start)

    def finish(self) -> Iterator[Delivery]:
        """Yield the growth that is still to come."""
        return self._growth(None)

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        for record in records:
            at = record.at_ms // 1000
            late = self._rng.randrange(30, 240) if self._rng.random() < 0.9 else self._rng.randrange(240, 1500)
            visible = ((at + late) // FLUSH_S + 1) * FLUSH_S
            self._pending.setdefault((visible, record.stream, at // HOUR_S), []).append(record.body)

    def _growth(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._pending if until is None or slot[0] < until):
            bodies = self._pending.pop(slot)
            visible, subscription, hour = slot
            key = f"{ROOT}/{subscription}/{compact_time(hour * HOUR_S, 'y=%Y/m=%m/d=%d/h=%H')}/m=00/PT1H.json"
            data = "".join(body + "\r\n" for body in bodies).encode()
            offset = self._sizes.get(key, 0)
            self._sizes[key] = offset + len(data)
            yield Delivery(
                source=NAME, key=key, data=data, delivered_at=utc(visible), offset=offset, records=len(bodies)
            )

    def _forget(self, start: int) -> None:
        """Drop the sizes of blobs that nothing can be appended to any more."""
        if start % (6 * HOUR_S) == 0:
            fresh = {compact_time(start - n * HOUR_S, "y=%Y/m=%m/d=%d/h=%H") for n in range(-2, 4)}
            self._sizes = {k: v for k, v in self._sizes.items() if any(part in k for part in fresh)}

    def _at(self, start: int) -> int:
        # A closing record follows its Start by up to about five seconds; both lie within the run.
        return min(start * 1000 + self._rng.randrange(TICK_S * 1000), self._run.end * 1000 - 6000)

    def _list_all_keys(self, start: int) -> None:
        """Let those who may list storage keys do so once a week for each account, which makes them known."""
        for principal in self._org.service_principals:
            if principal.lists_keys:
                for subscription in self._org.subscriptions:
                    caller = principal_caller(self._org, principal, subscription)
                    for account in self._org.storage_accounts:
                        resource = storage_id(subscription, self._org.resource_groups[1], account)
                        self._publish(list_keys(caller, resource, self._at(start), self._rng))

    def _machine(self, principal: ServicePrincipal, start: int) -> list[Record]:
        org, rng = self._org, self._rng
        if rng.random() < 0.03:
            return [health_event(org, rng.choice(tuple(org.subscriptions)), self._at(start), rng)]
        caller = principal_caller(org, principal, rng.choice(tuple(org.subscriptions)))
        if principal.lists_keys and rng.random() < 0.15:
            resource = storage_id(caller.subscription, org.resource_groups[1], rng.choice(org.storage_accounts))
            return list_keys(caller, resource, self._at(start), rng)
        return self._action(caller, start)

    def _action(self, caller: Caller, start: int, *, admin: bool = False) -> list[Record]:
        org, rng = self._org, self._rng
        scope = f"/subscriptions/{caller.subscription}/resourceGroups/{rng.choice(org.resource_groups)}"
        at = self._at(start)
        kind = rng.random()
        if admin and kind < 0.05:
            person = rng.choice(org.people)
            return assign_role(caller, rng.choice((READER, CONTRIBUTOR)), person.azure_object_id, scope, at, rng)
        if kind < 0.07:
            return operation(
                caller,
                "Microsoft.Network/networkSecurityGroups/write",
                f"{scope}/providers/Microsoft.Network/networkSecurityGroups/nsg-{rng.randrange(4)}",
                at,
                rng,
                result="Failure",
                status="Forbidden",
            )
        machine = f"{scope}/providers/Microsoft.Compute/virtualMachines/{rng.choice(org.virtual_machines)}"
        action, resource = rng.choice(
            (
                ("Microsoft.Compute/virtualMachines/start/action", machine),
                ("Microsoft.Compute/virtualMachines/restart/action", machine),
                ("Microsoft.Compute/virtualMachines/write", machine),
                ("Microsoft.Resources/tags/write", f"{scope}/providers/Microsoft.Resources/tags/default"),
                (
                    "Microsoft.Resources/deployments/validate/action",
                    f"{scope}/providers/Microsoft.Resources/deployments/release-{rng.randrange(100, 999)}",
                ),
                (
                    "Microsoft.Resources/deployments/write",
                    f"{scope}/providers/Microsoft.Resources/deployments/release-{rng.randrange(100, 999)}",
                ),
                ("Microsoft.Web/sites/config/list/action", f"{scope}/providers/Microsoft.Web/sites/portal"),
            )
        )
        status = "Created" if action.endswith("write") else "OK"
        return operation(caller, action, resource, at, rng, status=status)


SOURCE = Source(name=NAME, root=BUCKET, share=0.10, open=ActivityLog)
