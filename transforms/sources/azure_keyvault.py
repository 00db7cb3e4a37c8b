"""Azure Key Vault's and Managed HSM's audit log (AuditEvent), as diagnostic settings export it.

It lies in the container `insights-logs-auditevent`, in a blob for each vault and hour.
https://learn.microsoft.com/azure/key-vault/general/logging
https://learn.microsoft.com/azure/key-vault/general/howto-logging
"""

from __future__ import annotations

import msgspec

from transforms.sources.azure_blobs import EXPAND, KEYS, ResourceLogHead, clock, resource
from transforms.sources.base import Source, Value


class Request(msgspec.Struct, gc=False):
    requestUri: Value = None
    httpStatusCode: Value = None


class VaultHead(ResourceLogHead):
    resultSignature: Value = None
    callerIpAddress: Value = None
    properties: Request | Value = None


def identity(head: VaultHead) -> tuple[Value, ...]:
    """There is no id: correlationId is the client's own, or empty. Who asked for what, to 100 ns, and the answer."""
    asked = head.properties if isinstance(head.properties, Request) else Request()
    return (
        resource(head),
        head.operationName,
        head.time,
        head.correlationId,
        head.callerIpAddress,
        asked.requestUri,
        head.resultSignature,
        asked.httpStatusCode,
    )


SOURCE = Source(
    name="azure_keyvault",
    title="Azure Key Vault audit log",
    vendor="Microsoft",
    domain="azure",
    documentation="https://learn.microsoft.com/azure/key-vault/general/logging",
    event_id="resource, operation, time, `correlationId`, caller address, request URI and result: the log has no id",
    lateness="within 10 minutes, appended to the hour's blob",
    keys=KEYS,
    grows=True,
    expand=EXPAND,
    head=VaultHead,
    identity=identity,
    clock=clock,
)
