"""Azure Firewall's logs, as diagnostic settings export them: the older ones, whose record is a sentence, and the
structured ones, whose record has a field for each fact.

They lie in a container for each category: `insights-logs-azurefirewallnetworkrule`,
`insights-logs-azurefirewallapplicationrule` and `insights-logs-azurefirewalldnsproxy`; `insights-logs-azfwnetworkrule`,
`insights-logs-azfwapplicationrule`, `insights-logs-azfwnatrule`, `insights-logs-azfwdnsquery`,
`insights-logs-azfwthreatintel`, `insights-logs-azfwidpssignature` and more. Where both kinds are switched on, each
connection is told twice: point the source at those of one kind.

No record has an id: its own text is its identity.
https://learn.microsoft.com/azure/firewall/monitor-firewall-reference
"""

from __future__ import annotations

from datetime import timedelta

from transforms.sources.azure_blobs import EXPAND, KEYS, ResourceLogHead, clock
from transforms.sources.base import Source

SOURCE = Source(
    name="azure_firewall",
    title="Azure Firewall logs",
    vendor="Microsoft",
    domain="azure",
    documentation="https://learn.microsoft.com/azure/firewall/monitor-firewall-reference",
    lateness="within minutes, appended to the hour's blob",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    grows=True,
    expand=EXPAND,
    head=ResourceLogHead,
    clock=clock,
)
