"""Azure Front Door's logs: a container each for accesses and the firewall, an append blob for each hour, JSON Lines.

Shapes follow the service's own description: numbers are text, URLs have a port, versions of HTTP four parts.
"""

from __future__ import annotations

import base64
import json
import random

from infra.local.simulate.azure_web import HUMAN_SHARE, Visit, Visits
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Organisation
from infra.local.simulate.rendering import ticks_z
from infra.local.simulate.resource_logs import ResourceLog

NAME = "azure_front_door"
ROOT = "azure/front-door"
ORIGIN = "198.51.100.81:443"
POPS = ("PAR", "AMS", "FRA")


def profile(org: Organisation) -> str:
    """Return the resource id of the organisation's profile."""
    subscription, group = sorted(org.subscriptions)[0], org.resource_groups[2]
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Cdn/profiles/afd-shop".upper()


def render(org: Organisation, visit: Visit, rng: random.Random) -> list[Record]:
    """Return the access, and before it what the firewall blocked."""
    reference = base64.b64encode(rng.randbytes(42)).decode()
    url = f"https://{visit.host}:443{visit.path}"
    nowhere = "N/A" if visit.is_blocked else ""
    access: dict[str, object] = {
        "trackingReference": reference,
        "httpMethod": visit.method,
        "httpVersion": "2.0.0.0",
        "requestUri": url,
        "sni": visit.host,
        "requestBytes": str(visit.received),
        "responseBytes": str(visit.sent),
        "userAgent": visit.agent,
        "clientIp": visit.ip,
        "clientPort": str(visit.port),
        "socketIp": visit.ip,
        "timeToFirstByte": f"{visit.took_ms / 2000:.3f}",
        "timeTaken": f"{visit.took_ms / 1000:.3f}",
        "requestProtocol": "HTTPS",
        "securityProtocol": "TLSv1.3",
        "securityCipher": "TLS_AES_256_GCM_SHA384",
        "endpoint": "shop-a1b2c3.z01.azurefd.example.com",
        "routingRuleName": "shop",
        "rulesEngineMatchNames": [],
        "httpStatusCode": str(visit.status),
        "httpStatusDetails": str(visit.status),
        "pop": rng.choice(POPS),
        "cacheStatus": "CONFIG_NOCACHE",
        "errorInfo": "NoError",
        "hostName": visit.host,
        "originUrl": nowhere or f"https://origin.{visit.host}:443{visit.path}",
        "originIp": nowhere or ORIGIN,
        "originName": nowhere or f"origin.{visit.host}",
        "referer": "",
        "domain": f"{visit.host}:443",
    }
    found: dict[str, object] = {
        "clientIP": visit.ip,
        "clientPort": str(visit.port),
        "socketIP": visit.ip,
        "requestUri": url,
        "ruleName": "Microsoft_DefaultRuleSet-2.1-LFI-930130",
        "policy": "wafshop",
        "action": "Block",
        "host": visit.host,
        "trackingReference": reference,
        "policyMode": "prevention",
        "details": {
            "matches": [{"matchVariableName": "RequestUri", "matchVariableValue": visit.path}],
            "msg": "Restricted File Access Attempt",
        },
    }
    logs = [("AccessLog", access)]
    if visit.is_blocked:
        logs.insert(0, ("WebApplicationFirewallLog", found))
    return [_record(org, visit, kind, reference, properties, rng) for kind, properties in logs]


def _record(
    org: Organisation, visit: Visit, kind: str, reference: str, properties: dict[str, object], rng: random.Random
) -> Record:
    resource = profile(org)
    body = {
        "time": ticks_z(visit.at_ms, rng.randrange(10_000)),
        "resourceId": resource,
        "category": f"FrontDoor{kind}",
        "operationName": f"Microsoft.Cdn/Profiles/{kind}/Write",
        "properties": properties,
    }
    stream = f"insights-logs-frontdoor{kind.lower()}/resourceId={resource}"
    return Record(visit.at_ms, stream, f"{kind}|{reference}", json.dumps(body, separators=(",", ":")))


def _open(run: Run, expected: float) -> ResourceLog:
    return ResourceLog(run, expected, NAME, ROOT, HUMAN_SHARE, Visits(run, NAME, render))


SOURCE = Source(name=NAME, root=ROOT, share=0.03, open=_open)
