"""Vault's audit log: a request and its response for each call, shipped from the cluster's audit file.

Shapes follow Vault's audit schema: what could be a secret is an HMAC, so equal secrets and tokens look equal. People
come by OIDC and look at what their team needs; workloads log in with a role and fetch what they run with.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Person
from infra.local.simulate.rendering import seconds_z, ticks_z, uuid
from infra.local.simulate.shipper import ShippedLog, somebody

NAME = "vault_audit"
BUCKET = "vault-audit"
CLUSTER = "eu-prod"
HUMAN_SHARE = 0.2
LOGIN_SHARE = 0.15
WORKLOADS = ("orders", "checkout", "web")
SECRETS = ("database", "smtp", "payments-api", "signing-key")


class Caller(NamedTuple):
    """Whose token it is."""

    name: str
    login: str
    method: str
    entity: str
    ip: str


def hmac(text: str) -> str:
    """Return how Vault writes what could be a secret."""
    return f"hmac-sha256:{hashlib.sha256(f'{CLUSTER}/{text}'.encode()).hexdigest()}"


def person_caller(person: Person, ip: str) -> Caller:
    """Return somebody who came by OIDC."""
    return Caller(f"oidc-{person.email}", person.email, "oidc", _entity(person.email), ip)


def workload_caller(name: str, ip: str) -> Caller:
    """Return a workload of the cluster that came with its service account."""
    return Caller(f"kubernetes-shop-{name}", f"system:serviceaccount:shop:{name}", "kubernetes", _entity(name), ip)


def _entity(name: str) -> str:
    return uuid(hashlib.sha256(f"entity/{name}".encode()).hexdigest()[:32])


def call(
    caller: Caller,
    operation: str,
    path: str,
    at_ms: int,
    rng: random.Random,
    *,
    mount: tuple[str, str] = ("kv", "secret/"),
    answer: Mapping[str, object] | None = None,
    error: str = "",
) -> list[Record]:
    """Return the request and the response of one call with a caller's token, as they are audited."""
    return _pair(_auth(caller), caller, operation, path, at_ms, rng, mount=mount, answer=answer or {}, error=error)


def login(caller: Caller, at_ms: int, rng: random.Random) -> list[Record]:
    """Return the two records of a login: the answer hands out the token."""
    path = "oidc/callback" if caller.method == "oidc" else "login"
    mount = (caller.method, f"auth/{caller.method}/")
    answer = {"auth": _auth(caller), "mount_type": caller.method}
    return _pair(None, caller, "update", mount[1] + path, at_ms, rng, mount=mount, answer=answer)


def _auth(caller: Caller) -> dict[str, object]:
    return {
        "accessor": hmac(f"accessor/{caller.name}"),
        "client_token": hmac(f"token/{caller.name}"),
        "display_name": caller.name,
        "entity_id": caller.entity,
        "metadata": {"username": caller.login},
        "policies": ["default", "shop"],
        "token_policies": ["default", "shop"],
        "token_ttl": 14400,
        "token_type": "service",
    }


def _pair(
    auth: Mapping[str, object] | None,
    caller: Caller,
    operation: str,
    path: str,
    at_ms: int,
    rng: random.Random,
    *,
    mount: tuple[str, str],
    answer: Mapping[str, object],
    error: str = "",
) -> list[Record]:
    request_id = uuid(rng.randbytes(16).hex())
    request = {
        "id": request_id,
        "operation": operation,
        "mount_type": mount[0],
        "mount_point": mount[1],
        **({} if auth is None else {"client_token": auth["client_token"], "client_token_accessor": auth["accessor"]}),
        "namespace": {"id": "root"},
        "path": path,
        "remote_address": caller.ip,
        "remote_port": rng.randrange(32768, 60999),
    }
    found = []
    for kind, at in (("request", at_ms), ("response", at_ms + rng.randrange(1, 40))):
        body = {
            "time": ticks_z(at, rng.randrange(10_000)),
            "type": kind,
            **({} if auth is None else {"auth": auth}),
            "request": request,
            **({"response": answer} if kind == "response" else {}),
            **({"error": error} if error else {}),
        }
        found.append(Record(at, CLUSTER, f"{request_id}|{kind}", json.dumps(body, separators=(",", ":"))))
    return found


class Calls:
    """Who asks the cluster for what."""

    def __init__(self, run: Run):
        """Take the people who work with code."""
        self._people = [person for person in run.organisation.people if person.is_technical]
        self._rng = run.rng(NAME)

    def tell(self, at_ms: int) -> Sequence[Record]:
        """Return a login, or a call: nobody is refused more than now and then, and nobody changes anything."""
        rng = self._rng
        person = somebody(self._people, at_ms, rng) if rng.random() < HUMAN_SHARE else None
        if person is not None:
            caller = person_caller(person, rng.choice(person.networks).ip)
        else:
            caller = workload_caller(rng.choice(WORKLOADS), f"10.0.0.{rng.randrange(10, 16)}")
        if rng.random() < LOGIN_SHARE:
            return login(caller, at_ms, rng)
        secret = rng.choice(SECRETS)
        if person is not None and rng.random() < 0.04:
            denied = "1 error occurred:\n\t* permission denied\n\n"
            return call(caller, "read", "secret/data/finance/bank", at_ms, rng, error=denied)
        if person is not None and rng.random() < 0.3:
            return call(caller, "list", "secret/metadata/shop", at_ms, rng, answer={"data": {"keys": list(SECRETS)}})
        if person is None and rng.random() < 0.3:
            lease = {"lease_id": f"database/creds/shop/{rng.randbytes(8).hex()}"}
            answer = {"mount_type": "database", "secret": lease, "data": {"username": hmac(lease["lease_id"])}}
            return call(
                caller, "read", "database/creds/shop", at_ms, rng, mount=("database", "database/"), answer=answer
            )
        data = {
            "data": {"value": hmac(secret)},
            "metadata": {"version": 3, "created_time": seconds_z(at_ms // 1000 // 86400 * 86400)},
        }
        return call(caller, "read", f"secret/data/shop/{secret}", at_ms, rng, answer={"mount_type": "kv", "data": data})


def _open(run: Run, expected: float) -> ShippedLog:
    return ShippedLog(run, NAME, BUCKET, expected, Calls(run).tell)


SOURCE = Source(name=NAME, root=BUCKET, share=0.02, open=_open)
