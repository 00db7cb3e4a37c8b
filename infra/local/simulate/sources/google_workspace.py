"""Google Workspace's audit logs: pages of the Reports API for each application, as an exporter writes them to a bucket.

Shapes follow the Reports API's reference: newest activity first, `uniqueQualifier` a signed 64-bit number as text,
parameters with one of `value`, `intValue`, `boolValue`, `multiValue`. What is seen late depends on the application.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import DOMAIN, Person
from infra.local.simulate.rendering import compact_time, millis_z
from infra.local.simulate.rhythm import Caps, Crowd

NAME = "google_workspace"
ROOT = "google/workspace"
CUSTOMER = "C03xmpl42"
POLL_S = 1800
PAGE_RECORDS = 1000
REDELIVERY = 0.01
BURST_MEAN = 2.0
QUIET_PAUSE_S = 6 * 3600
"""One user's ordinary failures lie at least this far apart, so that they never add up."""
LATE_S = {"login": 1500, "saml": 900, "drive": 700, "admin": 120, "token": 900, "groups": 700}
"""At most so long until an activity shows, by application."""
GZIP_LEVEL = 1

_DOCUMENTS = ("Plan", "Budget", "Notes", "Roadmap", "Review", "Draft")
_KINDS = ("document", "spreadsheet", "presentation")
_HELPERS = (
    ("100200300400.apps.googleusercontent.com", "Calendar Helper"),
    ("500600700800.apps.googleusercontent.com", "Draw"),
)
_READS = "https://www.googleapis.com/auth/calendar.readonly"
_GROUPS = ("engineering", "on-call", "everybody")


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def parameters(**values: object) -> list[dict[str, object]]:
    """Return an event's parameters, each with the member that its kind of value has."""
    found: list[dict[str, object]] = []
    for name, value in values.items():
        kind = {bool: "boolValue", int: "intValue", list: "multiValue"}.get(type(value), "value")
        found.append({"name": name, kind: str(value) if kind == "intValue" else value})
    return found


def event(kind: str, name: str, **values: object) -> dict[str, object]:
    """Return one event of an activity."""
    return {"type": kind, "name": name, "parameters": parameters(**values)}


def profile_id(person: Person) -> str:
    """Return what Google knows a person by: 21 digits."""
    return f"1{person.github_id:020d}"


def activity(
    application: str, person: Person, ip: str, at_ms: int, rng: random.Random, *events: dict[str, object]
) -> Record:
    """Return one activity of a person."""
    number = rng.getrandbits(63) * rng.choice((1, -1))
    time = millis_z(at_ms)
    body = {
        "kind": "admin#reports#activity",
        "id": {"time": time, "uniqueQualifier": str(number), "applicationName": application, "customerId": CUSTOMER},
        "etag": f'"{rng.getrandbits(128):032x}"',
        "actor": {"callerType": "USER", "email": person.email, "profileId": profile_id(person)},
        "ipAddress": ip,
        "events": list(events),
    }
    return Record(at_ms, application, str(number), _json(body))


def signed_in(person: Person, ip: str, at_ms: int, rng: random.Random) -> Record:
    """Return a sign-in with a second factor: people come from Okta by SAML only to administer."""
    how = parameters(login_type="google_password", is_suspicious=False)
    how.append({"name": "login_challenge_method", "multiValue": ["password", "google_prompt"]})
    return activity("login", person, ip, at_ms, rng, {"type": "login", "name": "login_success", "parameters": how})


def failed_sign_in(person: Person, ip: str, at_ms: int, rng: random.Random) -> Record:
    """Return a sign-in with a wrong password."""
    why = event(
        "login", "login_failure", login_type="google_password", login_failure_type="login_failure_invalid_password"
    )
    return activity("login", person, ip, at_ms, rng, why)


def document_of(person: Person, number: int) -> dict[str, object]:
    """Return the parameters that tell one of a person's few documents."""
    title = _DOCUMENTS[number % len(_DOCUMENTS)]
    return {
        "billable": True,
        "doc_id": f"1{person.okta_id[3:]}{number:02d}",
        "doc_title": f"{title} {number}",
        "doc_type": _KINDS[number % len(_KINDS)],
        "owner": person.email,
        "owner_is_shared_drive": False,
        "visibility": "private",
    }


class Activities:
    """Ordinary use of Workspace by people, and the exporter's pages."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._org = run.organisation
        self._rng = run.rng(NAME)
        self._crowd = Crowd(self._org.people, self._rng, run.start, run.end, expected)
        self._caps = Caps()
        self._waiting: list[tuple[int, Record]] = []

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the pages exported in the step from `start`."""
        for person in self._crowd.round(start):
            for network in person.networks:
                self._work(person, network.ip, start, 1)
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            self._work(person, self._rng.choice(person.networks).ip, start, size)
        self._publish(planted)
        if start % POLL_S == 0:
            yield from self._pages(start)

    def finish(self) -> Iterator[Delivery]:
        """Yield the pages of what is left."""
        at = self._run.end - self._run.end % POLL_S + POLL_S
        while self._waiting:
            yield from self._pages(at)
            at += POLL_S

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        rng = self._rng
        for record in records:
            visible = record.at_ms // 1000 + rng.randrange(30, LATE_S[record.stream])
            self._waiting.append((visible, record))
            if rng.random() < REDELIVERY:  # two requests overlap
                self._waiting.append((visible + POLL_S, record))

    def _pages(self, at: int) -> Iterator[Delivery]:
        due = [record for visible, record in self._waiting if visible < at]
        self._waiting = [(visible, record) for visible, record in self._waiting if visible >= at]
        for application in sorted({record.stream for record in due}):
            part = sorted((r for r in due if r.stream == application), key=lambda r: (-r.at_ms, r.uid))
            for page, first in enumerate(range(0, len(part), PAGE_RECORDS)):
                bodies = [record.body for record in part[first : first + PAGE_RECORDS]]
                text = f'{{"kind":"admin#reports#activities","items":[{",".join(bodies)}]}}'
                yield Delivery(
                    source=NAME,
                    key=f"{ROOT}/{compact_time(at, '%Y/%m/%d/%H%M%S')}_{application}_{page:04d}.json.gz",
                    data=igzip.compress(text.encode(), GZIP_LEVEL, mtime=0),
                    delivered_at=utc(at),
                    offset=None,
                    records=len(bodies),
                )

    def _work(self, person: Person, ip: str, start: int, size: int) -> None:
        rng, last = self._rng, self._run.end * 1000 - 1
        at = start * 1000 + rng.randrange(TICK_S * 1000)
        records = [self._entered(person, ip, min(at, last))]
        for _ in range(size - 1):
            at = min(at + rng.randrange(2000, 40_000), last)
            records.append(self._one(person, ip, at))
        self._publish(records)

    def _entered(self, person: Person, ip: str, at: int) -> Record:
        rng = self._rng
        quiet = self._caps.rest(at // 1000, person.email, "trouble", QUIET_PAUSE_S) if rng.random() < 0.03 else False
        return failed_sign_in(person, ip, at, rng) if quiet else signed_in(person, ip, at, rng)

    def _one(self, person: Person, ip: str, at: int) -> Record:
        """People read and write their own documents; at times one shares, or lets an application read."""
        org, rng = self._org, self._rng
        if person.is_admin and rng.random() < 0.3:
            other, team = rng.choice(org.people), f"{rng.choice(_GROUPS)}@{DOMAIN}"
            name = rng.choice(("ADD_GROUP_MEMBER", "REMOVE_GROUP_MEMBER"))
            change = event("GROUP_SETTINGS", name, USER_EMAIL=other.email, GROUP_EMAIL=team)
            return activity("admin", person, ip, at, rng, change)
        choice = rng.random()
        document = document_of(person, rng.randrange(6))
        if choice < 0.72:
            name = rng.choices(("view", "edit", "create", "rename"), weights=(10, 6, 2, 1))[0]
            return activity("drive", person, ip, at, rng, event("access", name, primary_event=True, **document))
        if choice < 0.82:
            other = rng.choice(org.people)
            shared = event(
                "acl_change",
                "change_user_access",
                primary_event=True,
                target_user=other.email,
                old_value=["none"],
                new_value=["can_view"],
                visibility_change="none",
                **document,
            )
            edited = event("access", "edit", primary_event=False, **document)
            return activity("drive", person, ip, at, rng, edited, shared)
        if choice < 0.9:
            app, label = rng.choice(_HELPERS)
            told: dict[str, object] = {"client_id": app, "app_name": label, "client_type": "WEB", "scope": [_READS]}
            return activity("token", person, ip, at, rng, event("auth", "authorize", **told))
        return activity("login", person, ip, at, rng, event("login", "logout", login_type="google_password"))


SOURCE = Source(name=NAME, root=ROOT, share=0.05, open=Activities)
