"""Okta System Log: the API's pages, JSON arrays of up to 1,000 events, as they are pulled every quarter hour.

Shapes follow Okta's System Log API reference: `uuid`, `published` in milliseconds, debug data as strings.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import DOMAIN, Network, Organisation, Person
from infra.local.simulate.rendering import compact_time, millis_z, uuid
from infra.local.simulate.rhythm import Caps, Crowd

NAME = "okta_system_log"
ROOT = "okta/system_log"
POLL_S = 900
PAGE_RECORDS = 1000
REDELIVERY = 0.01
BURST_MEAN = 3.0
QUIET_PAUSE_S = 2 * 3600
"""One user's ordinary failures lie at least this far apart, so that they never add up."""
GZIP_LEVEL = 1

_LEGACY = {
    "user.session.start": "core.user_auth.login_success",
    "user.session.end": "core.user_auth.logout_success",
    "user.authentication.sso": "app.auth.sso",
    "user.authentication.auth_via_mfa": "core.user.factor.attempt_success",
    "user.account.update_password": "core.user.config.password_update.success",
    "user.account.privilege.grant": "core.user.admin_privilege.granted",
    "user.mfa.factor.reset_all": "core.user.factor.reset_all",
    "user.mfa.factor.deactivate": "core.user.factor.deactivate",
    "group.user_membership.add": "core.user_group_member.user_add",
}
_LEGACY_FAILED = {
    "user.session.start": "core.user_auth.login_failed",
    "user.authentication.auth_via_mfa": "core.user.factor.attempt_fail",
}
_MESSAGES = {
    "user.session.start": "User login to Okta",
    "user.session.end": "User logout from Okta",
    "user.authentication.sso": "User single sign on to app",
    "user.authentication.auth_via_mfa": "Authentication of user via MFA",
    "user.mfa.okta_verify.deny_push": "User rejected Okta push verify",
    "user.mfa.factor.reset_all": "Reset all factors for user",
    "user.mfa.factor.deactivate": "Deactivate factor for user",
    "user.mfa.factor.activate": "Activate factor for user",
    "user.account.privilege.grant": "Grant user privilege",
    "user.account.update_password": "User update password for Okta",
    "user.account.update_profile": "Update user profile for Okta",
    "system.push.send_factor_verify_push": "Send push for factor verification",
    "policy.evaluate_sign_on": "Evaluation of sign-on policy",
    "group.user_membership.add": "Add user to group membership",
    "application.user_membership.add": "Add user to application membership",
    "user.lifecycle.create": "Create Okta user",
}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def user_target(person: Person) -> dict[str, object]:
    """Return a person as a target."""
    return {
        "id": person.okta_id,
        "type": "User",
        "alternateId": person.email,
        "displayName": person.name,
        "detailEntry": None,
    }


def app_target(app: tuple[str, str, str]) -> dict[str, object]:
    """Return an application as a target."""
    return {
        "id": app[0],
        "type": "AppInstance",
        "alternateId": app[1],
        "displayName": app[1],
        "detailEntry": {"signOnModeType": "SAML_2_0"},
    }


def _geo(network: Network) -> dict[str, object]:
    return {
        "city": network.city,
        "state": network.state,
        "country": network.country,
        "postalCode": network.postal_code,
        "geolocation": {"lat": network.latitude, "lon": network.longitude},
    }


def attacker_network(ip: str) -> Network:
    """Return an address about which nothing is known."""
    return Network(
        ip=ip,
        label="unknown",
        city="",
        state="",
        country="Unknown",
        postal_code="",
        latitude=0.0,
        longitude=0.0,
    )


class Visit:
    """One person's (or intruder's) sitting in front of Okta: what stays the same over its events."""

    def __init__(
        self,
        person: Person | str,
        network: Network,
        rng: random.Random,
        *,
        agent: str | None = None,
        is_proxy: bool = False,
    ):
        """Begin a visit of a person, or of somebody who types a name that does not exist."""
        if isinstance(person, str):
            actor: dict[str, object] = {
                "id": "unknown",
                "type": "User",
                "alternateId": person,
                "displayName": "unknown",
                "detailEntry": None,
            }
            user_agent, os_name, browser, device = (
                agent or "python-requests/2.32.4",
                "Unknown",
                "UNKNOWN",
                "Unknown",
            )
        else:
            actor = user_target(person)
            user_agent, os_name, browser = agent or person.user_agent, person.browser_os, person.browser
            device = "Computer"
            if agent is not None:
                os_name, browser, device = "Unknown", "UNKNOWN", "Unknown"
        self.actor = _json(actor)
        geo = _geo(network)
        self.client = _json(
            {
                "userAgent": {"rawUserAgent": user_agent, "os": os_name, "browser": browser},
                "zone": "null",
                "device": device,
                "id": None,
                "ipAddress": network.ip,
                "geographicalContext": geo,
            }
        )
        version = "V6" if ":" in network.ip else "V4"
        self.request = _json(
            {"ipChain": [{"ip": network.ip, "geographicalContext": geo, "version": version, "source": None}]}
        )
        self.security = _json(
            {
                "asNumber": 64500 + rng.randrange(8) if is_proxy else 64496,
                "asOrg": "example hosting" if is_proxy else "example telecom",
                "isp": "example hosting" if is_proxy else "example telecom",
                "domain": "." if is_proxy else DOMAIN,
                "isProxy": is_proxy,
            }
        )
        self.session = f"102{rng.randbytes(11).hex()}"
        self.fingerprint = rng.randbytes(16).hex()


def event(
    visit: Visit,
    event_type: str,
    at_ms: int,
    rng: random.Random,
    *,
    result: str = "SUCCESS",
    reason: str | None = None,
    target: Sequence[dict[str, object]] | None = None,
    factor: str | None = None,
    uri: str = "/api/v1/authn",
    debug: dict[str, str] | None = None,
) -> Record:
    """Return one System Log event."""
    digits = rng.randbytes(32).hex()
    uid = uuid(digits)
    request_id = digits[32:56]
    legacy = _LEGACY.get(event_type)
    if result == "FAILURE":
        legacy = _LEGACY_FAILED.get(event_type)
    data = {
        "deviceFingerprint": visit.fingerprint,
        "requestId": request_id,
        "requestUri": uri,
        "threatSuspected": "false",
        "url": f"{uri}?",
        **({"factor": factor} if factor else {}),
        **(debug or {}),
    }
    severity = "WARN" if result in ("FAILURE", "DENY") else "INFO"
    message = _json(_MESSAGES.get(event_type, event_type))
    provider = '"FACTOR_PROVIDER"' if factor else "null"
    credential = '"OKTA_CREDENTIAL_PROVIDER"' if factor else "null"
    body = (
        f'{{"actor":{visit.actor},"client":{visit.client},"device":null,"authenticationContext":'
        f'{{"authenticationProvider":{provider},"credentialProvider":{credential},"credentialType":null,'
        f'"issuer":null,'
        f'"interface":null,"authenticationStep":0,"rootSessionId":"{visit.session}",'
        f'"externalSessionId":"{visit.session}"}},"displayMessage":{message},'
        f'"eventType":"{event_type}","outcome":{{"result":"{result}","reason":{_json(reason)}}},'
        f'"published":"{millis_z(at_ms)}","securityContext":{visit.security},"severity":"{severity}",'
        f'"debugContext":{{"debugData":{_json(data)}}},"legacyEventType":{_json(legacy)},'
        f'"transaction":{{"type":"WEB","id":"{request_id}","detail":{{}}}},"uuid":"{uid}","version":"0",'
        f'"request":{visit.request},"target":{_json(target) if target else "null"}}}'
    )
    return Record(at_ms, "", uid, body)


def failed_login(visit: Visit, at_ms: int, rng: random.Random, *, unknown_user: bool = False) -> Record:
    """Return a sign-in with a wrong password."""
    reason = "VERIFICATION_ERROR" if unknown_user else "INVALID_CREDENTIALS"
    return event(visit, "user.session.start", at_ms, rng, result="FAILURE", reason=reason)


def push_sent(visit: Visit, person: Person, at_ms: int, rng: random.Random) -> Record:
    """Return the sending of a push to a person's phone."""
    return event(
        visit,
        "system.push.send_factor_verify_push",
        at_ms,
        rng,
        target=[user_target(person)],
        factor="OKTA_VERIFY_PUSH",
        uri="/api/v1/authn/factors/verify",
    )


def push_denied(visit: Visit, person: Person, at_ms: int, rng: random.Random) -> list[Record]:
    """Return the two events of a push that its owner refuses."""
    target = [user_target(person)]
    uri = "/api/v1/authn/factors/verify"
    return [
        event(
            visit,
            "user.mfa.okta_verify.deny_push",
            at_ms,
            rng,
            target=target,
            factor="OKTA_VERIFY_PUSH",
            uri=uri,
        ),
        event(
            visit,
            "user.authentication.auth_via_mfa",
            at_ms + 40,
            rng,
            result="FAILURE",
            reason="INVALID_CREDENTIALS",
            target=target,
            factor="OKTA_VERIFY_PUSH",
            uri=uri,
        ),
    ]


def privilege_grant(visit: Visit, person: Person, role: str, at_ms: int, rng: random.Random) -> Record:
    """Return the grant of an administrator role."""
    return event(
        visit,
        "user.account.privilege.grant",
        at_ms,
        rng,
        target=[user_target(person)],
        uri="/api/internal/administrators/roles",
        debug={"privilegeGranted": role},
    )


class SystemLog:
    """Ordinary activity in Okta, and its pages."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._org: Organisation = run.organisation
        self._rng = run.rng(NAME)
        self._crowd = Crowd(self._org.people, self._rng, run.start, run.end, expected)
        self._caps = Caps()
        self._turn: dict[int, int] = {}
        self._waiting: list[tuple[int, Record]] = []

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the pages pulled in the step from `start`."""
        for person in self._crowd.round(start):
            for network in person.networks:
                self._visit(person, network, start, 3)
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            turn = self._turn[person.index] = self._turn.get(person.index, 0) + 1
            self._visit(person, person.networks[turn % len(person.networks)], start, size)
        self._publish(planted)
        if start % POLL_S == 0:
            yield from self._pages(start)

    def finish(self) -> Iterator[Delivery]:
        """Yield the pages of what is left."""
        at = self._run.end - self._run.end % POLL_S + POLL_S
        while self._waiting:
            yield from self._pages(at)
            at += POLL_S

    def _pages(self, at: int) -> Iterator[Delivery]:
        due = sorted((record for visible, record in self._waiting if visible < at), key=lambda r: (r.at_ms, r.uid))
        self._waiting = [(visible, record) for visible, record in self._waiting if visible >= at]
        for page, first in enumerate(range(0, len(due), PAGE_RECORDS)):
            part = due[first : first + PAGE_RECORDS]
            text = "[" + ",".join(record.body for record in part) + "]"
            yield Delivery(
                source=NAME,
                key=f"{ROOT}/{compact_time(at, '%Y/%m/%d/%H%M%S')}_{page:04d}.json.gz",
                data=igzip.compress(text.encode(), GZIP_LEVEL, mtime=0),
                delivered_at=utc(at),
                offset=None,
                records=len(part),
            )

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        rng = self._rng
        for record in records:
            visible = record.at_ms // 1000 + rng.randrange(1, 12)
            self._waiting.append((visible, record))
            if rng.random() < REDELIVERY:
                self._waiting.append((visible + POLL_S, record))

    def _visit(self, person: Person, network: Network, start: int, size: int) -> None:
        rng, last = self._rng, self._run.end * 1000 - 1
        visit = Visit(person, network, rng)
        at = start * 1000 + rng.randrange(TICK_S * 1000)
        records: list[Record] = []

        def add(
            event_type: str, *, target: Sequence[dict[str, object]] | None = None, factor: str | None = None
        ) -> None:
            nonlocal at
            at = min(at + rng.randrange(400, 9000), last)
            records.append(event(visit, event_type, at, rng, target=target, factor=factor))

        if rng.random() < 0.06:
            records += self._trouble(visit, person, network, at)
            at += 60_000
        add("user.session.start")
        if size > 2:
            add("system.push.send_factor_verify_push", target=[user_target(person)], factor="OKTA_VERIFY_PUSH")
            add("user.authentication.auth_via_mfa", target=[user_target(person)], factor="OKTA_VERIFY_PUSH")
        for _ in range(size - 3):
            add(
                "user.authentication.sso",
                target=[app_target(rng.choice(self._org.okta_apps)), user_target(person)],
            )
        if person.is_admin and rng.random() < 0.1:
            other = rng.choice(self._org.people)
            add(
                rng.choice(
                    (
                        "group.user_membership.add",
                        "application.user_membership.add",
                        "user.account.update_profile",
                    )
                ),
                target=[user_target(other)],
            )
        if rng.random() < 0.02:
            add(
                rng.choice(("user.account.update_password", "user.mfa.factor.activate")),
                target=[user_target(person)],
            )
        if rng.random() < 0.15:
            add("user.session.end")
        self._publish([r if r.at_ms <= last else r._replace(at_ms=last) for r in records])

    def _trouble(self, visit: Visit, person: Person, network: Network, at: int) -> list[Record]:
        """Return a few wrong passwords or one refused push, rationed for each user and address."""
        rng, start = self._rng, at // 1000
        if at + 60_000 >= self._run.end * 1000 or not self._caps.rest(start, person.email, "trouble", QUIET_PAUSE_S):
            return []
        if rng.random() < 0.2:
            return push_denied(visit, person, at, rng)
        if not self._caps.take(start, network.ip, "failed", 3):
            return []
        return [failed_login(visit, at + 12_000 * n, rng) for n in range(rng.randrange(1, 4))]


SOURCE = Source(name=NAME, root=ROOT, share=0.15, open=SystemLog)
