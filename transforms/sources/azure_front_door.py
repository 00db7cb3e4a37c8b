"""Azure Front Door's access and web application firewall logs, as diagnostic settings export them.

They lie in the containers `insights-logs-frontdooraccesslog` and `insights-logs-frontdoorwebapplicationfirewalllog`,
in a blob for each profile and hour. Classic Front Door writes the same into containers of the same names.
https://learn.microsoft.com/azure/frontdoor/monitor-front-door-reference
https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-monitor
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.sources.azure_blobs import EXPAND, KEYS, ResourceLogHead, clock, resource
from transforms.sources.base import Source, Value


class Request(msgspec.Struct, gc=False):
    trackingReference: Value = None
    pop: Value = None
    originUrl: Value = None
    ruleName: Value = None
    action: Value = None


class FrontDoorHead(ResourceLogHead):
    properties: Request | Value = None


def identity(head: FrontDoorHead) -> tuple[Value, ...] | None:
    """A request's reference is shared by the rules that it met, and by both hops where an origin shield stands."""
    request = head.properties
    if not isinstance(request, Request) or request.trackingReference is None:
        return None
    kind = str(head.category).lower()  # written in two ways
    return (
        resource(head),
        kind,
        request.trackingReference,
        head.time,
        request.pop,
        request.originUrl,
        request.ruleName,
        request.action,
    )


SOURCE = Source(
    name="azure_front_door",
    title="Azure Front Door access and firewall logs",
    vendor="Microsoft",
    domain="azure",
    documentation="https://learn.microsoft.com/azure/frontdoor/monitor-front-door-reference",
    event_id="resource, category, `trackingReference`, time, point of presence, origin, rule and action",
    lateness="within minutes, appended to the hour's blob",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    grows=True,
    expand=EXPAND,
    head=FrontDoorHead,
    identity=identity,
    clock=clock,
)
