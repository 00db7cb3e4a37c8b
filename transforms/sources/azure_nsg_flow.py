"""Azure network security group flow logs in Blob storage (PT1H.json), versions 1 and 2.

A record of the blob holds a minute's flows of one group; what lands is a record for each flow tuple.
https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from transforms.decoders.flow_tuples import FlowTuples
from transforms.sources.azure_blobs import KEYS
from transforms.sources.base import Source, Table
from transforms.sources.flow_blobs import clock

SOURCE = Source(
    name="azure_nsg_flow",
    title="Azure network security group flow logs",
    vendor="Microsoft",
    domain="azure",
    documentation="https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview",
    lateness="every minute, appended to the hour's blob",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    grows=True,
    framing=FlowTuples(holder="properties", groups="flows", least=8),
    table=Table(
        identity=("resourceId", "mac", "rule", "tuple"),
        needed=("tuple",),
        clock_columns=("clock",),
        clock=partial(clock, 1000),
    ),
)
