"""Azure Application Gateway's logs: a container each for accesses and the firewall, an append blob for each hour.

Shapes follow the service's own description of version 2: no `time` but `timeStamp`, to the second.
"""

from __future__ import annotations

import json
import random

from infra.local.simulate.azure_web import HUMAN_SHARE, Visit, Visits
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Organisation
from infra.local.simulate.rendering import seconds_z
from infra.local.simulate.resource_logs import ResourceLog

NAME = "azure_app_gateway"
ROOT = "azure/application-gateway"


def gateway(org: Organisation) -> str:
    """Return the resource id of the organisation's gateway."""
    subscription, group = sorted(org.subscriptions)[0], org.resource_groups[2]
    scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return f"{scope}/providers/Microsoft.Network/applicationGateways/agw-shop".upper()


def render(org: Organisation, visit: Visit, rng: random.Random) -> list[Record]:
    """Return the access, and before it what the firewall blocked."""
    transaction = f"{rng.getrandbits(128):032x}"
    access: dict[str, object] = {
        "instanceId": f"appgw_{rng.randrange(3)}",
        "clientIP": visit.ip,
        "clientPort": visit.port,
        "httpMethod": visit.method,
        "originalRequestUriWithArgs": visit.path,
        "requestUri": visit.path.split("?")[0],
        "requestQuery": visit.path.partition("?")[2],
        "userAgent": visit.agent,
        "httpStatus": visit.status,
        "httpVersion": "HTTP/1.1",
        "receivedBytes": visit.received,
        "sentBytes": visit.sent,
        "clientResponseTime": 0,
        "timeTaken": visit.took_ms / 1000,
        "WAFEvaluationTime": "0.001",
        "WAFMode": "Prevention",
        "transactionId": transaction,
        "sslEnabled": "on",
        "sslCipher": "ECDHE-RSA-AES256-GCM-SHA384",
        "sslProtocol": "TLSv1.2",
        "serverRouted": "" if visit.is_blocked else f"10.200.1.{rng.randrange(10, 14)}:443",
        "serverStatus": "" if visit.is_blocked else str(visit.status),
        "originalHost": visit.host,
        "host": visit.host,
        "error_info": "ERRORINFO_NO_ERROR",
        "contentType": "text/html",
    }
    found: dict[str, object] = {
        "instanceId": access["instanceId"],
        "clientIp": visit.ip,
        "clientPort": "",
        "requestUri": visit.path,
        "ruleSetType": "OWASP_CRS",
        "ruleSetVersion": "3.2.0",
        "ruleId": "930130",
        "ruleGroup": "REQUEST-930-APPLICATION-ATTACK-LFI",
        "message": "Restricted File Access Attempt",
        "action": "Blocked",
        "site": "Global",
        "details": {"message": "Matched phrase at REQUEST_FILENAME.", "data": visit.path, "file": "", "line": "106"},
        "hostname": visit.host,
        "transactionId": transaction,
        "policyId": "default",
        "policyScope": "Global",
        "policyScopeName": "Global",
    }
    logs = [("Access", access, {"listenerName": "https", "ruleName": "shop", "backendPoolName": "web"})]
    if visit.is_blocked:
        logs.insert(0, ("Firewall", found, {}))
    return [_record(org, visit, kind, transaction, properties, more) for kind, properties, more in logs]


def _record(
    org: Organisation, visit: Visit, kind: str, transaction: str, properties: dict[str, object], more: dict[str, str]
) -> Record:
    resource, operation = gateway(org), f"ApplicationGateway{kind}"
    body = {
        "timeStamp": seconds_z(visit.at_ms // 1000).replace("Z", "+00:00"),
        "resourceId": resource,
        **more,
        "operationName": operation,
        "category": f"{operation}Log",
        "properties": properties,
    }
    stream = f"insights-logs-{operation.lower()}log/resourceId={resource}"
    return Record(visit.at_ms, stream, f"{kind}|{transaction}", json.dumps(body, separators=(",", ":")))


def _open(run: Run, expected: float) -> ResourceLog:
    return ResourceLog(run, expected, NAME, ROOT, HUMAN_SHARE, Visits(run, NAME, render))


SOURCE = Source(name=NAME, root=ROOT, share=0.03, open=_open)
