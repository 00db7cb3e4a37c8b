"""Microsoft Graph's activity log: an append blob `PT1H.json` for the tenant and each hour, JSON Lines, growing.

Shapes follow the service's own description. People look things up through the admin centre and their clients;
applications read the directory with permissions of their own.
"""

from __future__ import annotations

import json
import random

from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Network, Organisation, Person, ServicePrincipal
from infra.local.simulate.rendering import seconds_z, ticks_z
from infra.local.simulate.resource_logs import ResourceLog, request_id

NAME = "azure_graph_activity"
BUCKET = "azure/insights-logs-microsoftgraphactivitylogs"
HUMAN_SHARE = 0.4
PORTAL = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
"""The application of the Azure portal."""
PERSONAL = ("/v1.0/me", "/v1.0/me/memberOf", "/v1.0/organization", "/v1.0/me/photos/96x96/$value")
READS = ("/v1.0/users/delta", "/v1.0/groups", "/v1.0/auditLogs/signIns", "/v1.0/directoryRoles")
MISSING = "/v1.0/me/photos/96x96/$value"
"""What most people do not have."""


def request(
    org: Organisation,
    who: Person | ServicePrincipal,
    method: str,
    path: str,
    at_ms: int,
    rng: random.Random,
    *,
    ip: str,
    status: int = 200,
) -> Record:
    """Return one request of a person, or of an application by itself."""
    uid, time, took = request_id(rng), ticks_z(at_ms, rng.randrange(10_000)), rng.randrange(100_000, 9_000_000)
    is_person = isinstance(who, Person)
    properties: dict[str, object] = {
        "apiVersion": path.split("/")[1],
        "appId": PORTAL if is_person else who.app_id,
        "atContent": "",
        "clientAuthMethod": "0" if is_person else "1",
        "clientRequestId": request_id(rng),
        "durationMs": took,
        "identityProvider": None if is_person else f"https://sts.windows.net/{org.tenant_id}/",
        "ipAddress": ip,
        "location": "West Europe",
        "operationId": uid,
        "requestId": uid,
        "requestMethod": method,
        "requestUri": f"https://graph.microsoft.com{path}",
        "responseSizeBytes": rng.randrange(200, 90_000) if status < 400 else 0,
        "responseStatusCode": status,
        "roles": None if is_person else "AuditLog.Read.All Directory.Read.All",
        "scopes": "openid profile User.Read User.Read.All" if is_person else None,
        "servicePrincipalId": None if is_person else who.object_id,
        "signInActivityId": f"{rng.getrandbits(128):032x}"[:22],
        "tenantId": org.tenant_id,
        "timeGenerated": time,
        "tokenIssuedAt": seconds_z(at_ms // 1000 - 900),
        "userAgent": who.user_agent if is_person else "python-requests/2.32.3",
        "userId": who.azure_object_id if is_person else None,
        "wids": "b79fbf4d-3ef9-4689-8143-76b194e85509",
    }
    body: dict[str, object] = {
        "time": time,
        "resourceId": f"/TENANTS/{org.tenant_id.upper()}/PROVIDERS/MICROSOFT.AADIAM",
        "operationName": "Microsoft Graph Activity",
        "operationVersion": properties["apiVersion"],
        "category": "MicrosoftGraphActivityLogs",
        "tenantId": org.tenant_id,
        "resultSignature": str(status),
        "durationMs": took,
        "callerIpAddress": ip,
        "correlationId": uid,
        "Level": 4,
        "location": "West Europe",
        "properties": properties,
    }
    return Record(at_ms, f"tenantId={org.tenant_id}", uid, json.dumps(body, separators=(",", ":")))


class Requests:
    """Who asks Graph for what."""

    def __init__(self, run: Run):
        """Take the people with Azure, and the organisation's service principals."""
        self._org, self._rng = run.organisation, run.rng(NAME)
        self.people = [person for person in self._org.people if person.uses_azure]

    def visit(self, person: Person, network: Network, at_ms: int, size: int) -> list[Record]:
        """Open a page that asks for several things of the person's own."""
        return [self._personal(person, network, at_ms + 300 * n) for n in range(size)]

    def round(self, person: Person, network: Network, at_ms: int) -> list[Record]:
        """Open the smallest of pages."""
        return [self._personal(person, network, at_ms)]

    def _personal(self, person: Person, network: Network, at_ms: int) -> Record:
        path = self._rng.choice(PERSONAL)
        status = 404 if path == MISSING else 200
        return request(self._org, person, "GET", path, at_ms, self._rng, ip=network.ip, status=status)

    def work(self, turn: int, at_ms: int) -> list[Record]:
        """Read a part of the directory; the application for deployments keeps its own registration up to date."""
        principals = self._org.service_principals
        principal, lap = principals[turn % len(principals)], turn // len(principals)
        if principal is principals[0] and lap % 5 == 0:
            path = f"/v1.0/applications/{principal.app_id}"
            return [request(self._org, principal, "PATCH", path, at_ms, self._rng, ip=principal.ip, status=204)]
        path = READS[lap % len(READS)]
        return [request(self._org, principal, "GET", path, at_ms, self._rng, ip=principal.ip)]


def _open(run: Run, expected: float) -> ResourceLog:
    return ResourceLog(run, expected, NAME, BUCKET, HUMAN_SHARE, Requests(run))


SOURCE = Source(name=NAME, root=BUCKET, share=0.03, open=_open)
