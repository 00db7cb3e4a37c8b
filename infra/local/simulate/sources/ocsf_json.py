"""A product that speaks OCSF: the proxy through which the organisation's instances reach the world.

Lines of HTTP Activity in OCSF 1.4, which a shipper packs by the account. https://schema.ocsf.io/1.4.0/classes/http_activity
"""

from __future__ import annotations

import json

from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.network import interfaces
from infra.local.simulate.organisation import GITHUB_ORGANISATION
from infra.local.simulate.rendering import uuid
from infra.local.simulate.shipper import ShippedLog

NAME = "ocsf_json"
ROOT = "s3/example-org-egress-proxy"
ASKED = (
    # method, host, path, agent, address
    ("GET", "packages.example.com", "/amazon/2023/repodata/repomd.xml", "libdnf", "192.0.2.60"),
    ("GET", "mirror.example.com", "/simple/msgspec/", "pip/26.1 CPython/3.13.3", "192.0.2.61"),
    ("POST", "telemetry.example.com", "/v1/traces", "OTel-OTLP-Exporter-Python/1.36.0", "192.0.2.62"),
    ("GET", "api.example.com", "/v2/exchange-rates", "python-httpx/0.28.1", "192.0.2.63"),
)
METHODS = {"GET": (3, "Get"), "POST": (6, "Post")}
ANSWERS = (200, 200, 200, 200, 200, 304, 404, 503)
DENIED = 0.02


class Proxy:
    """The requests of all instances."""

    def __init__(self, run: Run):
        self._org, self._rng = run.organisation, run.rng(NAME)
        self._interfaces = [each for account in interfaces(run.organisation).values() for each in account]

    def tell(self, at_ms: int) -> list[Record]:
        """Return one request; now and then one to a host that is not on the list."""
        rng, source = self._rng, self._rng.choice(self._interfaces)
        method, host, path, agent, address = rng.choice(ASKED)
        denied = rng.random() < DENIED
        if denied:
            host, path = "updates.example.net", "/check"
        activity, name = METHODS[method]
        code = 403 if denied else rng.choice(ANSWERS)
        own = uuid(rng.randbytes(16).hex())
        body = {
            "activity_id": activity,
            "activity_name": name,
            "category_name": "Network Activity",
            "category_uid": 4,
            "class_name": "HTTP Activity",
            "class_uid": 4002,
            "type_name": f"HTTP Activity: {name}",
            "type_uid": 400200 + activity,
            "time": at_ms,
            "severity": "Informational",
            "severity_id": 1,
            "status": "Failure" if code >= 400 else "Success",
            "status_id": 2 if code >= 400 else 1,
            "action": "Denied" if denied else "Allowed",
            "action_id": 2 if denied else 1,
            "disposition": "Blocked" if denied else "Allowed",
            "disposition_id": 2 if denied else 1,
            "metadata": {
                "version": "1.4.0",
                "uid": own,
                "event_code": "egress.request",
                "product": {"name": "Egress Proxy", "vendor_name": GITHUB_ORGANISATION, "version": "4.2.0"},
                "profiles": ["cloud", "security_control"],
            },
            "cloud": {"provider": "AWS", "account": {"uid": source.account}, "region": source.region},
            "src_endpoint": {
                "ip": source.ip,
                "port": rng.randrange(32_768, 60_999),
                "instance_uid": source.instance,
                "interface_uid": source.uid,
                "vpc_uid": source.vpc,
            },
            "dst_endpoint": {"hostname": host, "port": 443, **({} if denied else {"ip": address})},
            "http_request": {
                "http_method": method,
                "user_agent": agent,
                "version": "1.1",
                "url": {
                    "scheme": "https",
                    "hostname": host,
                    "port": 443,
                    "path": path,
                    "url_string": f"https://{host}{path}",
                },
            },
            "http_response": {"code": code, "length": rng.randrange(120, 40_000)},
            "duration": rng.randrange(2, 900),
        }
        return [Record(at_ms, source.stream, own, json.dumps(body, separators=(",", ":")))]


def feed(run: Run, expected: float) -> ShippedLog:
    """Return about `expected` requests over the run, and the objects that hold them."""
    return ShippedLog(run, NAME, ROOT, expected, Proxy(run).tell)


SOURCE = Source(name=NAME, root=ROOT, share=0.008, open=feed)
