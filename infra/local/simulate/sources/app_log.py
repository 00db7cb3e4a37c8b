"""The organisation's own application for its staff, whose log in the Elastic Common Schema a shipper brings.

It has accounts of its own: no address ties them to the directory. People sign in, look at orders and now and then
change one; a wrong password or a refused call is rare. https://www.elastic.co/docs/reference/ecs/ecs-field-reference
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Person
from infra.local.simulate.rendering import millis_z, uuid
from infra.local.simulate.shipper import ShippedLog, somebody

NAME = "app_log"
ROOT = "s3/example-org-app-logs"
SERVICE = "back-office"
CALLS = (
    # weight, operation, resource's type
    (60, "get-order", "order"),
    (25, "list-orders", "order"),
    (10, "update-order", "order"),
    (3, "delete-note", "note"),
    (2, "create-refund", "refund"),
)
SIGN_IN = 0.12
WRONG = 0.03
REFUSED = 0.02


def line(
    person: Person, category: str, action: str, at_ms: int, rng: random.Random, *, reason: str = "", **more: object
) -> Record:
    """Return one line about what a person did; with a reason it failed."""
    uid = uuid(rng.randbytes(16).hex())
    body = {
        "@timestamp": millis_z(at_ms),
        "log.level": "warn" if reason else "info",
        "message": reason or action,
        "ecs.version": "8.11",
        "service": {"name": SERVICE, "environment": "production"},
        "event": {
            "id": uid,
            "kind": "event",
            "category": [category],
            "action": action,
            "outcome": "failure" if reason else "success",
            **({"reason": reason} if reason else {}),
        },
        "user": {"name": person.handle, "id": str(1000 + person.index)},
        "source": {"ip": rng.choice(person.networks).ip},
        "user_agent": {"original": person.user_agent},
        "trace": {"id": rng.randbytes(16).hex()},
        **more,
    }
    return Record(at_ms, SERVICE, uid, json.dumps(body, separators=(",", ":")))


class Visits:
    """Who works with the application."""

    def __init__(self, run: Run):
        """Take everybody: orders are looked at by all departments."""
        self._people = run.organisation.people
        self._rng = run.rng(NAME)

    def tell(self, at_ms: int) -> Sequence[Record]:
        """Return a sign-in, or a call; at night a few are at work still."""
        rng = self._rng
        person = somebody(self._people, at_ms, rng) or rng.choice(self._people)
        if rng.random() < SIGN_IN:
            if rng.random() < WRONG:
                wrong = line(person, "authentication", "login", at_ms, rng, reason="wrong password")
                return [wrong, line(person, "authentication", "login", at_ms + rng.randrange(4000, 9000), rng)]
            return [line(person, "authentication", "login", at_ms, rng)]
        _, action, kind = rng.choices(CALLS, [weight for weight, _, _ in CALLS])[0]
        refused = rng.random() < REFUSED
        resource = {"id": f"{kind}/{rng.randrange(10_000)}", "type": kind}
        answer = {"response": {"status_code": 403 if refused else 200}}
        reason = "not allowed" if refused else ""
        return [line(person, "api", action, at_ms, rng, reason=reason, resource=resource, http=answer)]


def _open(run: Run, expected: float) -> ShippedLog:
    return ShippedLog(run, NAME, ROOT, expected, Visits(run).tell)


SOURCE = Source(name=NAME, root=ROOT, share=0.005, open=_open)
