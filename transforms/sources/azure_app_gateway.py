"""Azure Application Gateway's access and firewall logs, as diagnostic settings export them.

They lie in the containers `insights-logs-applicationgatewayaccesslog` and
`insights-logs-applicationgatewayfirewalllog`, in a blob for each gateway and hour. Version 1 and version 2 of the
service differ in fields, and in what they call the time.
https://learn.microsoft.com/azure/application-gateway/monitor-application-gateway-reference
https://learn.microsoft.com/azure/web-application-firewall/ag/web-application-firewall-logs
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.sources.azure_blobs import EXPAND, KEYS, ResourceLogHead, resource
from transforms.sources.base import Source, Value


class Request(msgspec.Struct, gc=False):
    transactionId: Value = None


class GatewayHead(ResourceLogHead):
    timeStamp: Value = None
    timestamp: Value = None
    properties: Request | Value = None


def identity(head: GatewayHead) -> tuple[Value, ...] | None:
    """A request's transactionId, which version 1 does not have. A firewall rule may match one request many times."""
    request = head.properties
    is_access = str(head.category).lower() == "applicationgatewayaccesslog"
    if not is_access or not isinstance(request, Request) or request.transactionId is None:
        return None
    return (resource(head), request.transactionId, clock(head))


def clock(head: GatewayHead) -> Value:
    times = (head.time, head.timeStamp, head.timestamp)
    return next((moment for moment in times if moment is not None), None)


SOURCE = Source(
    name="azure_app_gateway",
    title="Azure Application Gateway access and firewall logs",
    vendor="Microsoft",
    domain="azure",
    documentation="https://learn.microsoft.com/azure/application-gateway/monitor-application-gateway-reference",
    event_id="resource, `transactionId` and time of a request; of others their own text",
    lateness="within minutes, appended to the hour's blob",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    grows=True,
    expand=EXPAND,
    head=GatewayHead,
    identity=identity,
    clock=clock,
)
