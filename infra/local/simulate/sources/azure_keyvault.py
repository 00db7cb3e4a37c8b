"""Azure Key Vault's audit log: an append blob `PT1H.json` for each vault and hour, JSON Lines, growing.

Shapes follow the service's own description: upper-case resource ids, a result type that is always Success, and the
claims of the caller's token. A client that has no token yet is refused once, and told where to get one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Network, Organisation, Person, ServicePrincipal
from infra.local.simulate.rendering import ticks_z
from infra.local.simulate.resource_logs import ResourceLog, administrators, request_id

NAME = "azure_keyvault"
BUCKET = "azure/insights-logs-auditevent"
HUMAN_SHARE = 0.25
SECRETS = ("database", "smtp", "payments-api", "signing-key")
CHALLENGE_EVERY = 20
"""One of so many requests of machines begins without a token."""
VAULT_CLIENT = "azsdk-net-Security.KeyVault.Secrets/4.6.0 (.NET 8.0.11; Linux 6.8.0)"


def vault(org: Organisation, subscription: str) -> str:
    """Return the name of a subscription's vault."""
    return f"kv-{org.subscriptions[subscription]}-{subscription[:4]}"


def person_claims(org: Organisation, person: Person, ip: str) -> dict[str, object]:
    """Return the claims of a person who is signed in to the portal."""
    return {
        "aud": "https://vault.azure.net",
        "iss": f"https://sts.windows.net/{org.tenant_id}/",
        "appid": "3686488a-04fc-4d8a-b967-61f98ec41efe",
        "appidacr": "0",
        "scp": "user_impersonation",
        "oid": person.azure_object_id,
        "tid": org.tenant_id,
        "upn": person.email,
        "unique_name": person.email,
        "amr": "pwd,mfa",
        "ipaddr": ip,
        "xms_az_nwperimid": [],
    }


def principal_claims(org: Organisation, principal: ServicePrincipal) -> dict[str, object]:
    """Return the claims of a service principal."""
    return {
        "aud": "https://vault.azure.net",
        "iss": f"https://sts.windows.net/{org.tenant_id}/",
        "appid": principal.app_id,
        "appidacr": "1",
        "oid": principal.object_id,
        "tid": org.tenant_id,
        "idtyp": "app",
    }


def request(
    org: Organisation,
    subscription: str,
    operation: str,
    path: str,
    at_ms: int,
    rng: random.Random,
    *,
    ip: str,
    claims: Mapping[str, object] | None,
    agent: str = VAULT_CLIENT,
    status: tuple[int, str] = (200, "OK"),
    why: str = "",
) -> Record:
    """Return one request to a subscription's vault; `path` is what it asks for, below the vault."""
    name = vault(org, subscription)
    correlation, time = request_id(rng), ticks_z(at_ms, rng.randrange(10_000))
    resource = (
        f"/SUBSCRIPTIONS/{subscription}/RESOURCEGROUPS/{org.resource_groups[3]}/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/{name}"
    ).upper()
    uri = f"https://{name}.vault.azure.net/{path}"
    body: dict[str, object] = {
        "time": time,
        "category": "AuditEvent",
        "operationName": operation,
        "resultType": "Success",
        **({"resultDescription": why} if why else {}),
        "correlationId": correlation,
        "callerIpAddress": ip,
        "identity": {} if claims is None else {"claim": claims},
        "properties": {
            **({"id": uri} if "/" in path else {}),
            "clientInfo": agent,
            "httpStatusCode": status[0],
            "requestUri": f"{uri}?api-version=7.4",
            "isRbacAuthorized": status[0] == 200,
            "tlsVersion": "TLS1_3",
        },
        "resourceId": resource,
        "operationVersion": "7.4",
        "resultSignature": status[1],
        "durationMs": str(rng.randrange(8, 90)),
    }
    return Record(at_ms, f"resourceId={resource}", correlation, json.dumps(body, separators=(",", ":")))


class Requests:
    """Who asks the vaults for what."""

    def __init__(self, run: Run):
        """Take the organisation's administrators and service principals."""
        self.people = administrators(run.organisation)
        self._org, self._rng = run.organisation, run.rng(NAME)
        self._subscriptions = sorted(self._org.subscriptions)

    def visit(self, person: Person, network: Network, at_ms: int, size: int) -> list[Record]:
        """Look a few secrets up in the portal, now and then one that is not there."""
        org, rng = self._org, self._rng
        subscription = rng.choice(self._subscriptions)
        claims = person_claims(org, person, network.ip)
        found = []
        for n in range(size):
            gone = rng.random() < 0.03
            found.append(
                request(
                    org,
                    subscription,
                    "SecretGet",
                    f"secrets/{'no-such-secret' if gone else rng.choice(SECRETS)}",
                    at_ms + 2000 * n,
                    rng,
                    ip=network.ip,
                    claims=claims,
                    agent=person.user_agent,
                    status=(404, "Not Found") if gone else (200, "OK"),
                )
            )
        return found

    def round(self, person: Person, network: Network, at_ms: int) -> list[Record]:
        """Look into every vault."""
        org, rng, claims = self._org, self._rng, person_claims(self._org, person, network.ip)
        return [
            request(
                org,
                subscription,
                "SecretGet",
                f"secrets/{rng.choice(SECRETS)}",
                at_ms,
                rng,
                ip=network.ip,
                claims=claims,
                agent=person.user_agent,
            )
            for subscription in self._subscriptions
        ]

    def work(self, turn: int, at_ms: int) -> list[Record]:
        """Fetch a secret, use a key, renew from a certificate."""
        org, rng = self._org, self._rng
        subscription = self._subscriptions[turn % len(self._subscriptions)]
        principal = org.service_principals[turn // len(self._subscriptions) % len(org.service_principals)]
        operation, path = rng.choices(
            (
                ("SecretGet", f"secrets/{rng.choice(SECRETS)}"),
                ("KeyUnwrap", "keys/disk-encryption"),
                ("KeyWrap", "keys/disk-encryption"),
                ("CertificateGet", "certificates/portal"),
            ),
            weights=(6, 2, 1, 1),
        )[0]
        found = []
        if turn // len(self._subscriptions) % CHALLENGE_EVERY == 0:
            refused = (401, "Unauthorized")
            found.append(
                request(org, subscription, operation, path, at_ms, rng, ip=principal.ip, claims=None, status=refused)
            )
            at_ms += 300
        claims = principal_claims(org, principal)
        return [
            *found,
            request(org, subscription, operation, path, at_ms, rng, ip=principal.ip, claims=claims),
        ]


def _open(run: Run, expected: float) -> ResourceLog:
    return ResourceLog(run, expected, NAME, BUCKET, HUMAN_SHARE, Requests(run))


SOURCE = Source(name=NAME, root=BUCKET, share=0.02, open=_open)
