"""Microsoft Entra sign-ins: an append blob `PT1H.json` for each kind of sign-in and hour, JSON Lines, growing.

Shapes follow Azure Monitor's SigninLogs reference and Graph's signIn resource: `properties` is what Graph returns, with
seven fractional digits, and every kind has a container of its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.diagnostics import HourlyBlobs
from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source
from infra.local.simulate.organisation import Network, Organisation, Person, ServicePrincipal
from infra.local.simulate.rendering import ticks_z, uuid
from infra.local.simulate.rhythm import Caps, Crowd, hour_of_week

NAME = "entra_signin"
ROOT = "azure/entra-signin"
HUMAN_SHARE = 0.7
BURST_MEAN = 2.0
QUIET_PAUSE_S = 2 * 3600
"""One person's ordinary failures lie at least this far apart, so that they never add up."""

INTERACTIVE = "SignInLogs"
NON_INTERACTIVE = "NonInteractiveUserSignInLogs"
SERVICE_PRINCIPAL = "ServicePrincipalSignInLogs"
MANAGED_IDENTITY = "ManagedIdentitySignInLogs"
REASONS = {
    50074: "Strong Authentication is required.",
    50126: "Error validating credentials due to invalid username or password.",
    50140: "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in.",
    700082: "The refresh token has expired due to inactivity.",
}
_APPS = (
    ("c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Azure Portal", "Windows Azure Service Management API"),
    ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Microsoft Azure CLI", "Windows Azure Service Management API"),
    ("00000000-0000-4000-8000-0000000a0001", "Example Wiki", "Example Wiki"),
)
"""(id, application, resource): the first two are Microsoft's own, the same in every tenant."""
_RESOURCES = {
    "Windows Azure Service Management API": "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    "Example Wiki": "00000000-0000-4000-8000-0000000a0002",
}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def sign_in(
    org: Organisation,
    kind: str,
    at_ms: int,
    rng: random.Random,
    who: dict[str, object],
    *,
    ip: str,
    place: dict[str, object],
    app: tuple[str, str, str] = _APPS[0],
    code: int = 0,
) -> Record:
    """Return one sign-in, with the fields of `who` among its properties."""
    digits = rng.randbytes(40).hex()
    uid, correlation = uuid(digits), uuid(digits[32:64])
    time = ticks_z(at_ms, int(digits[64:67], 16))
    status: dict[str, object] = {"errorCode": code}
    if code:
        status["failureReason"] = REASONS[code]
    details = {
        "id": uid,
        "createdDateTime": time.replace("Z", "+00:00"),
        **who,
        "ipAddress": ip,
        "status": status,
        "location": place,
        "correlationId": correlation,
        "conditionalAccessStatus": "notApplied",
        "appliedConditionalAccessPolicies": [],
        "isInteractive": kind == INTERACTIVE,
        "tokenIssuerType": "AzureAD",
        "riskDetail": "none",
        "riskLevelAggregated": "none",
        "riskLevelDuringSignIn": "none",
        "riskState": "none",
        "resourceDisplayName": app[2],
        "resourceId": _RESOURCES[app[2]],
        "resourceTenantId": org.tenant_id,
        "flaggedForReview": False,
        "authenticationProtocol": "none",
    }
    head: dict[str, object] = {
        "time": time,
        "resourceId": f"/tenants/{org.tenant_id}/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity",
        "operationVersion": "1.0",
        "category": kind,
        "tenantId": org.tenant_id,
        "resultType": str(code),
        "resultSignature": "FAILURE" if code else "SUCCESS",
        **({"resultDescription": REASONS[code]} if code else {}),
        "durationMs": 0,
        **({"callerIpAddress": ip} if ip else {}),
        "correlationId": correlation,
        "Level": 4,
        "properties": details,
    }
    return Record(at_ms, f"insights-logs-{kind.lower()}/tenantId={org.tenant_id}", uid, _json(head))


def person_sign_in(
    org: Organisation,
    person: Person,
    network: Network,
    at_ms: int,
    rng: random.Random,
    *,
    kind: str = INTERACTIVE,
    app: tuple[str, str, str] = _APPS[0],
    code: int = 0,
    is_mfa: bool = True,
) -> Record:
    """Return the sign-in of a person, or of a client that holds the person's tokens."""
    requirement = "multiFactorAuthentication" if is_mfa else "singleFactorAuthentication"
    who: dict[str, object] = {
        "userDisplayName": person.name,
        "userPrincipalName": person.email,
        "userId": person.azure_object_id,
        "userType": "Member",
        "appId": app[0],
        "appDisplayName": app[1],
        "clientAppUsed": "Browser" if kind == INTERACTIVE else "Mobile Apps and Desktop clients",
        "userAgent": person.user_agent,
        "deviceDetail": {"deviceId": "", "operatingSystem": person.browser_os, "browser": person.browser.title()},
        "authenticationRequirement": requirement,
        "mfaDetail": {"authMethod": "Mobile app notification"} if is_mfa and not code and kind == INTERACTIVE else {},
        "autonomousSystemNumber": 64496,
        "homeTenantId": org.tenant_id,
        "servicePrincipalId": "",
    }
    place: dict[str, object] = {
        "city": network.city,
        "state": network.state,
        "countryOrRegion": network.country,
        "geoCoordinates": {"latitude": network.latitude, "longitude": network.longitude},
    }
    return sign_in(org, kind, at_ms, rng, who, ip=network.ip, place=place, app=app, code=code)


def principal_sign_in(
    org: Organisation, principal: ServicePrincipal, at_ms: int, rng: random.Random, *, kind: str = SERVICE_PRINCIPAL
) -> Record:
    """Return the sign-in of an application, or of a managed identity, which has no address."""
    who: dict[str, object] = {
        "userId": None,
        "appId": principal.app_id,
        "servicePrincipalId": principal.object_id,
        "servicePrincipalName": principal.name,
        "servicePrincipalCredentialKeyId": "" if kind == MANAGED_IDENTITY else f"{principal.app_id[:-4]}c4ed",
    }
    nowhere: dict[str, object] = {
        "city": "",
        "state": "",
        "countryOrRegion": "",
        "geoCoordinates": {"latitude": 0.0, "longitude": 0.0},
    }
    ip = "" if kind == MANAGED_IDENTITY else principal.ip
    return sign_in(org, kind, at_ms, rng, who, ip=ip, place=nowhere)


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < 120 else 0.7


class SignIns:
    """Ordinary sign-ins of people and machines, and the growth of their blobs."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._org = run.organisation
        self._rng = run.rng(NAME)
        people = [person for person in self._org.people if person.uses_azure]
        self._crowd = Crowd(people, self._rng, run.start, run.end, expected * HUMAN_SHARE)
        self._caps = Caps()
        self._rate = expected * (1 - HUMAN_SHARE) / sum(map(_level, range(run.start, run.end, TICK_S)))
        self._debt = 0.0
        self._turn = 0
        self._blobs = HourlyBlobs(NAME, ROOT, self._rng)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the growth of the blobs in the step from `start`."""
        for person in self._crowd.round(start):
            for network in person.networks:
                self._publish(self._visit(person, network, start, 1))
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            self._publish(self._visit(person, self._rng.choice(person.networks), start, size))
        self._debt += self._rate * _level(start)
        while self._debt > 0:
            self._debt -= 1
            self._turn += 1
            principal = self._org.service_principals[self._turn % len(self._org.service_principals)]
            kind = MANAGED_IDENTITY if self._rng.random() < 0.3 else SERVICE_PRINCIPAL
            self._publish([principal_sign_in(self._org, principal, self._at(start), self._rng, kind=kind)])
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
        # A visit takes up to a minute and a half; all of it lies within the run.
        return min(start * 1000 + self._rng.randrange(TICK_S * 1000), self._run.end * 1000 - 90_000)

    def _visit(self, person: Person, network: Network, start: int, size: int) -> list[Record]:
        """A person signs in, now and then after a wrong password, and clients go on with the tokens."""
        org, rng, at = self._org, self._rng, self._at(start)
        app = rng.choice(_APPS)
        records: list[Record] = []
        if rng.random() < 0.06 and self._caps.rest(at // 1000, person.email, "trouble", QUIET_PAUSE_S):
            records.append(person_sign_in(org, person, network, at, rng, app=app, code=50126))
        if rng.random() < 0.2:
            code = rng.choice((50074, 50140))
            records.append(person_sign_in(org, person, network, at + 8_000, rng, app=app, code=code))
        records.append(person_sign_in(org, person, network, at + 20_000, rng, app=app, is_mfa=rng.random() < 0.8))
        for _ in range(size - 1):
            later = at + 20_000 + rng.randrange(1_000, 60_000)
            code = 700082 if rng.random() < 0.01 else 0
            records.append(
                person_sign_in(
                    org, person, network, later, rng, kind=NON_INTERACTIVE, app=_APPS[1], code=code, is_mfa=False
                )
            )
        return records


SOURCE = Source(name=NAME, root=ROOT, share=0.05, open=SignIns)
