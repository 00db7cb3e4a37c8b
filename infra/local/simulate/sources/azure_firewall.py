"""Azure Firewall's structured logs: a container for each category, an append blob for each hour, JSON Lines, growing.

Shapes follow the service's own description. Machines ask the proxy for names and go out to what the rules allow; people
come in to the portal through a translation; the internet's background is turned away.
"""

from __future__ import annotations

import json
import random

from infra.local.simulate.azure_flows import EPHEMERAL, interfaces
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Network, Organisation, Person
from infra.local.simulate.rendering import ticks_z
from infra.local.simulate.resource_logs import ResourceLog

NAME = "azure_firewall"
ROOT = "azure/firewall"
HUMAN_SHARE = 0.3
PUBLIC_IP = "198.51.100.90"
PORTAL_IP = "10.200.1.4"
TIME_SERVER = "203.0.113.123"
PARTNERS = ("api.example.net", "mirror.example.org", "packages.example.org")


def firewall(org: Organisation) -> str:
    """Return the resource id of the organisation's firewall."""
    scope = f"/subscriptions/{sorted(org.subscriptions)[0]}/resourceGroups/{org.resource_groups[2]}"
    return f"{scope}/providers/Microsoft.Network/azureFirewalls/fw-hub".upper()


def _rule(collection: str, rule: str) -> dict[str, object]:
    return {"Policy": "policy-hub", "RuleCollectionGroup": "default", "RuleCollection": collection, "Rule": rule}


def _record(org: Organisation, kind: str, facts: dict[str, object], at_ms: int, rng: random.Random) -> Record:
    category, resource = f"AZFW{kind}", firewall(org)
    body = json.dumps(
        {
            "time": ticks_z(at_ms, rng.randrange(10_000)),
            "resourceId": resource,
            "location": "westeurope",
            "operationName": category,
            "category": category,
            "properties": facts,
        },
        separators=(",", ":"),
    )
    return Record(at_ms, f"insights-logs-{category.lower()}/resourceId={resource}", body, body)


def network_rule(
    org: Organisation, source: str, target: tuple[str, int], at_ms: int, rng: random.Random, *, allowed: bool
) -> Record:
    """Return a connection (address and port of its target) that the network rules let through or turned away."""
    facts: dict[str, object] = {
        "Protocol": "UDP" if target[1] == 123 else "TCP",
        "SourceIp": source,
        "SourcePort": rng.choice(EPHEMERAL),
        "DestinationIp": target[0],
        "DestinationPort": target[1],
        "Action": "Allow" if allowed else "Deny",
        **(_rule("outbound", "time") if allowed else _rule("", "") | {"Policy": "", "RuleCollectionGroup": ""}),
        "ActionReason": "" if allowed else "Default Action",
    }
    return _record(org, "NetworkRule", facts, at_ms, rng)


def application_rule(org: Organisation, source: str, host: str, at_ms: int, rng: random.Random) -> Record:
    """Return a TLS session that the application rules let through: of what it asks for, the host alone is known."""
    facts: dict[str, object] = {
        "Protocol": "HTTPS",
        "SourceIp": source,
        "SourcePort": rng.choice(EPHEMERAL),
        "DestinationPort": 443,
        "Fqdn": host,
        "TargetUrl": "",
        "Action": "Allow",
        **_rule("partners", "https"),
        "ActionReason": "",
        "IsTlsInspected": False,
        "WebCategory": "",
        "IsExplicitProxyRequest": False,
    }
    return _record(org, "ApplicationRule", facts, at_ms, rng)


def translation(org: Organisation, source: str, at_ms: int, rng: random.Random) -> Record:
    """Return a connection from outside that was passed on to the portal."""
    facts: dict[str, object] = {
        "Protocol": "TCP",
        "SourceIp": source,
        "SourcePort": rng.choice(EPHEMERAL),
        "DestinationIp": PUBLIC_IP,
        "DestinationPort": 443,
        "TranslatedIp": PORTAL_IP,
        "TranslatedPort": 443,
        **_rule("inbound", "portal"),
    }
    return _record(org, "NatRule", facts, at_ms, rng)


def query(org: Organisation, source: str, name: str, rcode: str, at_ms: int, rng: random.Random) -> Record:
    """Return a machine's query, and what the proxy answered."""
    facts: dict[str, object] = {
        "SourceIp": source,
        "SourcePort": rng.choice(EPHEMERAL),
        "QueryId": rng.randrange(65_536),
        "QueryType": "A",
        "QueryClass": "IN",
        "QueryName": f"{name}.",
        "Protocol": "udp",
        "RequestSize": len(name) + 18,
        "DnssecOkBit": False,
        "EDNS0BufferSize": 512,
        "ResponseCode": rcode,
        "ResponseFlags": "qr,rd,ra",
        "ResponseSize": len(name) + 62,
        "RequestDurationSecs": rng.randrange(100, 9_000) / 1_000_000,
        "ErrorNumber": 0,
        "ErrorMessage": "",
    }
    return _record(org, "DnsQuery", facts, at_ms, rng)


class Connections:
    """What passes the firewall."""

    def __init__(self, run: Run):
        """Take the organisation's people and machines."""
        self._org, self._rng = run.organisation, run.rng(NAME)
        self._machines = interfaces(self._org)
        self.people = self._org.people

    def visit(self, person: Person, network: Network, at_ms: int, size: int) -> list[Record]:
        """Open a few connections to the portal; the public address has no version 6."""
        if ":" in network.ip:
            return []
        return [translation(self._org, network.ip, at_ms + 400 * n, self._rng) for n in range(size)]

    def round(self, person: Person, network: Network, at_ms: int) -> list[Record]:
        """Open one connection to the portal."""
        return self.visit(person, network, at_ms, 1)

    def work(self, turn: int, at_ms: int) -> list[Record]:
        """Let one machine ask for a name and go there, or the internet knock."""
        org, rng, source = self._org, self._rng, self._machines[turn % len(self._machines)].ip
        kind = rng.random()
        if kind < 0.15:
            stranger = f"198.18.{rng.randrange(256)}.{rng.randrange(1, 255)}"
            return [network_rule(org, stranger, (PUBLIC_IP, rng.choice((22, 3389))), at_ms, rng, allowed=False)]
        if kind < 0.3:
            return [network_rule(org, source, (TIME_SERVER, 123), at_ms, rng, allowed=True)]
        if kind < 0.35:
            return [query(org, source, "wpad.example.com", "NXDOMAIN", at_ms, rng)]
        host = rng.choice(PARTNERS)
        return [query(org, source, host, "NOERROR", at_ms, rng), application_rule(org, source, host, at_ms + 30, rng)]


def _open(run: Run, expected: float) -> ResourceLog:
    return ResourceLog(run, expected, NAME, ROOT, HUMAN_SHARE, Connections(run))


SOURCE = Source(name=NAME, root=ROOT, share=0.04, open=_open)
