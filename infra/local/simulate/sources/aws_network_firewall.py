"""AWS Network Firewall logs of the production VPC's way out: gzip NDJSON, an object for each kind of log and a while.

Both directions of each connection, rules that let something through and say so, rules that turn it away, and what TLS
inspection could not follow, in the shapes of the developer guide and Suricata's EVE output.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from isal import igzip

from infra.local.simulate.edge import EdgeLogs
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.network import Interface, interfaces
from infra.local.simulate.rendering import compact_time, millis_z

NAME = "aws_network_firewall"
BUCKET = "s3/example-org-firewall-logs"
ACCOUNT = "111122223333"
FIREWALL = "egress"
PARTNERS = ("api.example.com", "login.example.com", "feed.example.net", "mirror.example.org")
RULES = {
    # signature id: (what the rule says, priority, action)
    1000001: ("A domain that is on no list", 3, "allowed"),
    1000002: ("A certificate of an unknown issuer", 2, "allowed"),
    1000003: ("Deny what is no TLS", 3, "blocked"),
    1000004: ("Deny anonymous file sharing", 1, "blocked"),
}
FLOWS, ALERTS = 0.9, 0.98
"""Up to where a connection is only a flow, meets a rule too; beyond them its handshake fails."""


def render(kind: str, interface: Interface, at_ms: int, uid: str, event: dict[str, Any]) -> Record:
    """Return one record of the log `kind`, by the firewall's endpoint in the interface's zone."""
    body = {
        "firewall_name": FIREWALL,
        "availability_zone": f"{interface.region}a",
        "event_timestamp": str(at_ms // 1000),
        "event": event,
    }
    return Record(at_ms, f"{kind}/{interface.region}", uid, json.dumps(body, separators=(",", ":")))


def connection(interface: Interface, at_ms: int, rng: random.Random) -> list[Record]:
    """Return what the firewall says of one connection that an instance opens."""
    remote, port = f"203.0.113.{rng.randrange(200, 250)}", rng.randrange(32_768, 61_000)
    time, flow = millis_z(at_ms)[:-1] + f"{rng.randrange(1000):03d}", rng.getrandbits(50)
    name, chance = rng.choice(PARTNERS), rng.random()
    ends = {"src_ip": interface.ip, "src_port": port, "dest_ip": remote, "dest_port": 443}
    back = {"src_ip": remote, "src_port": 443, "dest_ip": interface.ip, "dest_port": port}
    uid = f"{time}|{interface.ip}|{port}"
    if chance >= ALERTS:
        event: dict[str, Any] = {"timestamp": f"{time}Z", **{k: str(v) for k, v in ends.items()}, "sni": name}
        if rng.random() < 0.5:
            event["tls_error"] = {"error_message": f"SNI: {name} Match Failed to server certificate names: {remote}"}
        else:
            event["revocation_check"] = {
                "leaf_cert_fpr": f"{rng.getrandbits(160):040x}", "status": "REVOKED", "action": "DROP"
            }  # fmt: skip
        return [render("tls", interface, at_ms, f"{uid}|tls", event)]
    records = []
    start = {"timestamp": f"{time}+0000", "flow_id": flow}
    blocked = False
    if chance >= FLOWS:
        rule = rng.choice(list(RULES))
        signature, priority, action = RULES[rule]
        blocked = action == "blocked"
        event = {
            **start, "event_type": "alert", **ends, "proto": "TCP",
            "alert": {
                "action": action, "signature_id": rule, "rev": 1, "signature": signature, "category": "",
                "severity": priority,
            },
            "tls": {"sni": name, "version": "TLS 1.3"},
            "app_proto": "tls",
        }  # fmt: skip
        records.append(render("alert", interface, at_ms, f"{uid}|alert", event))
    for number, side in enumerate((ends,) if blocked else (ends, back)):
        packets = 1 if blocked else rng.randrange(4, 80)
        flags = {"tcp_flags": "02", "syn": True} if blocked else {
            "tcp_flags": "1b", "syn": True, "fin": True, "psh": True, "ack": True
        }  # fmt: skip
        event = {
            **start, "event_type": "netflow", **side, "proto": "TCP",
            "netflow": {
                "pkts": packets, "bytes": packets * rng.randrange(60, 1400), "start": start["timestamp"],
                "end": start["timestamp"], "age": 0, "min_ttl": 63, "max_ttl": 63,
            },
            "tcp": flags,
        }  # fmt: skip
        records.append(render("flow", interface, at_ms, f"{uid}|netflow{number}", event))
    return records


def written(stream: str, end: int, bits: int, bodies: Sequence[str]) -> tuple[str, bytes]:
    """Return key and bytes of an object of one kind of log."""
    kind, region = stream.split("/")
    key = (
        f"{BUCKET}/AWSLogs/{ACCOUNT}/network-firewall/{kind}/{region}/{FIREWALL}/{compact_time(end, '%Y/%m/%d/%H')}/"
        f"{ACCOUNT}_network-firewall_{kind}_{region}_{FIREWALL}_{compact_time(end, '%Y%m%dT%H%MZ')}"
        f"_{bits % (1 << 32):08x}.log.gz"
    )
    return key, igzip.compress("".join(body + "\n" for body in bodies).encode(), 1, mtime=0)


def feed(run: Run, expected: float) -> EdgeLogs:
    """Return the connections that production's instances open."""
    inside = interfaces(run.organisation)[ACCOUNT]

    def visit(rng: random.Random, at_ms: int) -> list[Record]:
        return connection(rng.choice(inside), at_ms, rng)

    return EdgeLogs(run, expected, name=NAME, visit=visit, written=written)


SOURCE = Source(name=NAME, root=BUCKET, share=0.04, open=feed)
