"""Azure virtual network flow logs, version 4, as Network Watcher writes them to Blob storage."""

from __future__ import annotations

from infra.local.simulate.azure_flows import Flow, FlowBlobs, Form, Interface, fraction
from infra.local.simulate.model import Feed, Run, Source
from infra.local.simulate.organisation import Organisation
from infra.local.simulate.rendering import ticks_z, uuid

NAME = "azure_vnet_flow"
BUCKET = "azure/insights-logs-flowlogflowevent"


def _folder(org: Organisation, interface: Interface) -> str:
    return (
        f"{BUCKET}/flowLogResourceID=/{interface.subscription.upper()}_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_SHOP"
    )


def _tuple(flow: Flow) -> str:
    direction, state = "I" if flow.inbound else "O", flow.state if flow.allowed else "D"
    counts = ",".join(str(n) for n in (*flow.sent, *flow.received))
    ends = f"{flow.src},{flow.dst},{flow.src_port},{flow.dst_port}"
    return f"{flow.at_ms},{ends},6,{direction},{state},NX,{counts}"


def _record(org: Organisation, interface: Interface, at: int, rules: dict[str, list[str]]) -> dict[str, object]:
    scope = f"/subscriptions/{interface.subscription}/resourceGroups/{org.resource_groups[0]}/providers"
    watchers = f"/subscriptions/{interface.subscription}/resourceGroups/NetworkWatcherRG/providers"
    watcher = f"{watchers}/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope"
    groups = [{"rule": rule, "flowTuples": tuples} for rule, tuples in rules.items()]
    return {
        "time": ticks_z(at * 1000, fraction(interface, at)),
        "flowLogVersion": 4,
        "flowLogGUID": uuid(f"{int(interface.mac, 16):032x}"),
        "macAddress": interface.mac,
        "category": "FlowLogFlowEvent",
        "flowLogResourceID": f"{watcher}/flowLogs/shop".upper(),
        "targetResourceID": f"{scope}/Microsoft.Network/virtualNetworks/shop",
        "operationName": "FlowLogFlowEvent",
        "flowRecords": {"flows": [{"aclID": uuid(f"{7:032x}"), "flowGroups": groups}]},
    }


def _open(run: Run, expected: float) -> Feed:
    return FlowBlobs(run, expected, Form(name=NAME, folder=_folder, tuple=_tuple, record=_record))


SOURCE = Source(name=NAME, root=BUCKET, share=0.04, open=_open)
