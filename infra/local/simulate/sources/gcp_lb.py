"""Google Cloud load balancer request logs as a sink writes them to Cloud Storage: an NDJSON object an hour, addenda.

The shop's balancer before its instances, and a Cloud Armor policy before both: what it lets through, what a rule
denies, and who asks too often. Shapes follow the pages on logging of Application Load Balancers and of Cloud Armor.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.edge import SHOP, visitor
from infra.local.simulate.gcp_network import Instance, instances
from infra.local.simulate.log_sink import LogSink
from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source
from infra.local.simulate.rendering import ticks_z
from infra.local.simulate.rhythm import hour_of_week
from infra.local.simulate.sources.gcp_audit import PROJECTS

NAME = "gcp_lb"
BUCKET = "gcs/example-org-lb-logs"
LOG = "requests"
POLICY = "shop-edge"
DENIED, THROTTLED = 0.97, 0.985
"""Up to where a request is let through, denied by a rule; beyond them it is one too many."""


def render(backend: Instance, client: str, agent: str, at_ms: int, rng: random.Random) -> Record:
    """Return what the balancer says of one request."""
    method, path, status, chance = "GET", f"/items/{rng.randrange(500)}?ref={rng.randrange(9)}", 200, rng.random()
    policy: dict[str, object] = {
        "name": POLICY,
        "priority": 2147483647,
        "configuredAction": "ALLOW",
        "outcome": "ACCEPT",
    }
    details = "response_sent_by_backend"
    if chance >= THROTTLED:
        method, path, status, details = "POST", "/sign-in", 429, "denied_by_security_policy"
        policy |= {"priority": 2000, "configuredAction": "THROTTLE", "outcome": "DENY"}
        policy["rateLimitAction"] = {"key": client, "outcome": "RATE_LIMIT_THRESHOLD_EXCEED"}
    elif chance >= DENIED:
        path, status, details = "/items/1?id=1%20OR%201=1", 403, "denied_by_security_policy"
        policy |= {"priority": 1000, "configuredAction": "DENY", "outcome": "DENY"}
        policy["preconfiguredExprIds"] = ["owasp-crs-v030301-id942421-sqli"]
    elif chance < 0.04:
        path, status = "/old", 404
    is_passed = details == "response_sent_by_backend"
    project = backend.project
    name = f"projects/{project}/logs/{LOG}"
    time = ticks_z(at_ms, rng.randrange(1000) * 10)[:-2] + "Z"
    insert = f"{rng.getrandbits(60):014x}"[:14]
    body = {
        "insertId": insert,
        "jsonPayload": {
            "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
            "backendTargetProjectNumber": f"projects/{PROJECTS[project]}",
            "cacheDecision": ["RESPONSE_HAS_CONTENT_TYPE", "CACHE_MODE_USE_ORIGIN_HEADERS"],
            "enforcedSecurityPolicy": policy,
            "remoteIp": client,
            "securityPolicyRequestData": {"remoteIpInfo": {"asn": 64500, "regionCode": "DE"}},
            "statusDetails": details,
        },
        "httpRequest": {
            "latency": f"{rng.randrange(1000, 90000) / 1e6:.6f}s",
            "protocol": "HTTP/2",
            "remoteIp": client,
            "requestMethod": method,
            "requestSize": str(rng.randrange(200, 1500)),
            "requestUrl": f"https://{SHOP}{path}",
            "responseSize": str(rng.randrange(200, 40000) if is_passed else 258),
            **({"serverIp": backend.ip} if is_passed else {}),
            "status": status,
            "userAgent": agent,
        },
        "logName": name,
        "receiveTimestamp": ticks_z(at_ms + rng.randrange(200, 9000), rng.randrange(10_000)),
        "resource": {
            "type": "http_load_balancer",
            "labels": {
                "backend_service_name": "shop-web",
                "forwarding_rule_name": "shop-https",
                "project_id": project,
                "target_proxy_name": "shop-https-proxy",
                "url_map_name": "shop",
                "zone": "global",
            },
        },
        "severity": "INFO" if status < 400 else "WARNING",
        "spanId": f"{rng.getrandbits(64):016x}",
        "timestamp": time,
        "trace": f"projects/{project}/traces/{rng.getrandbits(128):032x}",
    }
    return Record(at_ms, project, f"{name}|{time}|{insert}", json.dumps(body, separators=(",", ":")))


class RequestLogs:
    """Ordinary requests to the shop, and the sink's objects."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self._rng = run.rng(NAME)
        self._agents = [person.user_agent for person in run.organisation.people]
        self._backends = [i for project in instances(run).values() for i in project]
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0
        self._sink = LogSink(NAME, f"{BUCKET}/{LOG}", next(iter(PROJECTS)), self._rng)

    @staticmethod
    def _level(start: int) -> float:
        return 1.0 if hour_of_week(start) < 120 else 0.6

    @property
    def distinct(self) -> int:
        """Records made so far, not counting redelivered copies."""
        return self._sink.distinct

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that the sink writes in the step from `start`."""
        rng = self._rng
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            self._debt -= 1
            at_ms = start * 1000 + rng.randrange(TICK_S * 1000)
            self._sink.publish([render(rng.choice(self._backends), visitor(rng), rng.choice(self._agents), at_ms, rng)])
        self._sink.publish(planted)
        return self._sink.objects(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects of the hours that are not written yet."""
        return self._sink.objects(None)


SOURCE = Source(name=NAME, root=BUCKET, share=0.03, open=RequestLogs)
