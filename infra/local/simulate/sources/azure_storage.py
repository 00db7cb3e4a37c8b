# ruff: noqa: S311  (seeded randomness is the point)
"""Azure Storage's resource logs: a container for each category, an append blob for each service and hour, growing.

Shapes follow the service's own description. The shop reads its files with the key of the account, backups are written
under a shared access signature, administrators and pipelines come with a token, and what the site shows is public.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import NamedTuple

from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.organisation import Network, Organisation, Person, ServicePrincipal
from infra.local.simulate.rendering import ticks_z
from infra.local.simulate.resource_logs import ResourceLog, administrators, request_id
from infra.local.simulate.sources.azure_activity import storage_id

NAME = "azure_storage"
ROOT = "azure/storage"
HUMAN_SHARE = 0.2
FRONT = "198.51.100.80"
"""Where the site's visitors come from, as the store sees them: the edge that stands before it."""
SDK = "azsdk-python-storage-blob/12.23.1 Python/3.12.6 (Linux-6.8.0-x86_64)"
EXPLORER = "Microsoft Azure Storage Explorer, 1.36.2, win32"
CATEGORIES = {"Get": "StorageRead", "List": "StorageRead", "Put": "StorageWrite", "Delete": "StorageDelete"}
SUFFIX = {"blob": "blob.core.windows.net", "file": "file.core.windows.net"}
MISSING_EVERY = 40
"""One of so many requests of machines asks for what is not there."""


class Job(NamedTuple):
    """What a machine does, again and again, from one address."""

    kind: str
    """How it comes in: `AccountKey`, `SAS`, `OAuth` or `Anonymous`."""
    ip: str
    account: int
    """Which of the organisation's storage accounts."""
    service: str
    container: str
    operations: tuple[str, ...]
    principal: int = 0
    """Which of the organisation's service principals, where it comes with a token."""


JOBS = (
    Job("AccountKey", "10.2.0.4", 0, "file", "orders", ("GetFile", "GetFile", "PutRange", "GetFile")),
    Job("OAuth", "", 0, "blob", "exports", ("PutBlob", "ListBlobs", "GetBlob"), principal=0),
    Job("SAS", "10.2.0.6", 2, "blob", "nightly", ("PutBlock", "PutBlock", "PutBlockList")),
    Job("OAuth", "", 2, "blob", "nightly", ("ListBlobs", "GetBlobProperties", "DeleteBlob"), principal=1),
    Job("Anonymous", FRONT, 3, "blob", "$web", ("GetBlob", "GetBlob", "GetBlobProperties")),
)


def hashed(name: str, secret: str) -> str:
    """Return a token as the log writes it: its name, and in brackets the hash of it."""
    return f"{name}({random.Random(f'{name}/{secret}').randbytes(32).hex().upper()})"


def token(org: Organisation, whose: Person | ServicePrincipal) -> dict[str, object]:
    """Return the identity of who comes with a token of the directory."""
    if isinstance(whose, Person):
        who = {"appId": "1950a258-227b-4e31-a9cf-717495945fc2", "objectId": whose.azure_object_id, "upn": whose.email}
    else:
        who = {"appId": whose.app_id, "objectId": whose.object_id}
    return {
        "type": "OAuth",
        "tokenHash": random.Random(who["objectId"]).randbytes(32).hex().upper(),
        "authorization": [
            {
                "action": "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
                "result": "Granted",
                "type": "RBAC",
            }
        ],
        "requester": {
            **who,
            "audience": "https://storage.azure.com/",
            "tenantId": org.tenant_id,
            "tokenIssuerId": f"https://sts.windows.net/{org.tenant_id}/",
        },
    }


def signed(account: str, kind: str) -> dict[str, object]:
    """Return the identity of who comes with the first key of an account, or what it signed, or nothing."""
    if kind == "Anonymous":
        return {"type": kind}
    key = hashed("key1", account)
    return {"type": kind, "tokenHash": key if kind == "AccountKey" else f"{key},{hashed('SasSignature', account)}"}


def request(
    org: Organisation,
    account: int,
    service: str,
    operation: str,
    path: str,
    at_ms: int,
    rng: random.Random,
    *,
    ip: str,
    identity: Mapping[str, object],
    agent: str = SDK,
    status: tuple[int, str] = (200, "Success"),
) -> Record:
    """Return one request to a service of a storage account; `path` is container and object."""
    name = org.storage_accounts[account]
    subscription = sorted(org.subscriptions)[account // 2]
    resource = f"{storage_id(subscription, org.resource_groups[1], name)}/{service}Services/default"
    category = next(kind for prefix, kind in CATEGORIES.items() if operation.startswith(prefix))
    correlation, time = request_id(rng), ticks_z(at_ms, rng.randrange(10_000))
    length, took = rng.randrange(400, 90_000), rng.randrange(2, 60)
    body: dict[str, object] = {
        "time": time,
        "resourceId": resource,
        "category": category,
        "operationName": operation,
        "operationVersion": "2024-11-04",
        "schemaVersion": "1.0",
        "statusCode": status[0],
        "statusText": status[1],
        "durationMs": took,
        "callerIpAddress": f"{f'[{ip}]' if ':' in ip else ip}:{rng.randrange(32_768, 60_000)}",
        "correlationId": correlation,
        "identity": identity,
        "location": "westeurope",
        "properties": {
            "accountName": name,
            "userAgentHeader": agent,
            "serviceType": service,
            "objectKey": f"/{name}/{path}",
            "metricResponseType": "Success" if status[0] < 400 else "ClientOtherError",
            "serverLatencyMs": took,
            "requestHeaderSize": rng.randrange(300, 900),
            "requestBodySize": length if category == "StorageWrite" else 0,
            "responseHeaderSize": rng.randrange(200, 400),
            "responseBodySize": length if category == "StorageRead" and status[0] < 400 else 0,
            "tlsVersion": "TLS 1.3",
        },
        "uri": f"https://{name}.{SUFFIX[service]}:443/{path}",
        "protocol": "HTTPS",
        "resourceType": f"Microsoft.Storage/storageAccounts/{service}Services",
    }
    stream = f"insights-logs-{category.lower()}/resourceId={resource}"
    return Record(at_ms, stream, correlation, json.dumps(body, separators=(",", ":")))


class Requests:
    """Who asks the accounts for what."""

    def __init__(self, run: Run):
        """Take the organisation's administrators and machines."""
        self.people = administrators(run.organisation)
        self._org, self._rng = run.organisation, run.rng(NAME)

    def visit(self, person: Person, network: Network, at_ms: int, size: int) -> list[Record]:
        """Look through exports, and read some."""
        operations = ["ListBlobs", *["GetBlob"] * (size - 1)]
        return [self._look(person, network, at_ms + 1500 * n, operation) for n, operation in enumerate(operations)]

    def round(self, person: Person, network: Network, at_ms: int) -> list[Record]:
        """Look at the exports."""
        return [self._look(person, network, at_ms, "ListBlobs")]

    def _look(self, person: Person, network: Network, at_ms: int, operation: str) -> Record:
        path = "exports" if operation == "ListBlobs" else f"exports/2026/report-{self._rng.randrange(40):02d}.csv"
        return request(
            self._org,
            0,
            "blob",
            operation,
            path,
            at_ms,
            self._rng,
            ip=network.ip,
            identity=token(self._org, person),
            agent=EXPLORER,
        )

    def work(self, turn: int, at_ms: int) -> list[Record]:
        """Do one thing of a job."""
        org, rng, job = self._org, self._rng, JOBS[turn % len(JOBS)]
        operation = job.operations[turn // len(JOBS) % len(job.operations)]
        principal = org.service_principals[job.principal]
        identity = token(org, principal) if job.kind == "OAuth" else signed(org.storage_accounts[job.account], job.kind)
        path = job.container if operation == "ListBlobs" else f"{job.container}/part-{rng.randrange(200):03d}.parquet"
        is_missing = operation.startswith("Get") and turn // len(JOBS) % MISSING_EVERY == 0
        return [
            request(
                org,
                job.account,
                job.service,
                operation,
                path,
                at_ms,
                rng,
                ip=job.ip or principal.ip,
                identity=identity,
                status=(404, "BlobNotFound") if is_missing else (200, "Success"),
            )
        ]


def _open(run: Run, expected: float) -> ResourceLog:
    return ResourceLog(run, expected, NAME, ROOT, HUMAN_SHARE, Requests(run))


SOURCE = Source(name=NAME, root=ROOT, share=0.03, open=_open)
