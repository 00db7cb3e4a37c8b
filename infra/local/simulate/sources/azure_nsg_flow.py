"""Azure network security group flow logs, version 2, as Network Watcher writes them to Blob storage."""

from __future__ import annotations

from infra.local.simulate.azure_flows import Flow, FlowBlobs, Form, Interface, fraction
from infra.local.simulate.model import Feed, Run, Source
from infra.local.simulate.organisation import Organisation
from infra.local.simulate.rendering import ticks_z, uuid

NAME = "azure_nsg_flow"
BUCKET = "azure/insights-logs-networksecuritygroupflowevent"


def _group(org: Organisation, interface: Interface) -> str:
    scope = f"/subscriptions/{interface.subscription}/resourceGroups/{org.resource_groups[0]}/providers"
    return f"{scope}/Microsoft.Network/networkSecurityGroups/nsg-0".upper()


def _folder(org: Organisation, interface: Interface) -> str:
    return f"{BUCKET}/resourceId={_group(org, interface)}"


def _tuple(flow: Flow) -> str:
    direction, decision = "I" if flow.inbound else "O", "A" if flow.allowed else "D"
    counts = ",,," if flow.state == "B" else ",".join(str(n) for n in (*flow.sent, *flow.received))
    ends = f"{flow.src},{flow.dst},{flow.src_port},{flow.dst_port}"
    return f"{flow.at_ms // 1000},{ends},T,{direction},{decision},{flow.state},{counts}"


def _record(org: Organisation, interface: Interface, at: int, rules: dict[str, list[str]]) -> dict[str, object]:
    flows = [{"rule": rule, "flows": [{"mac": interface.mac, "flowTuples": tuples}]} for rule, tuples in rules.items()]
    return {
        "time": ticks_z(at * 1000, fraction(interface, at)),
        "systemId": uuid(f"{int(interface.mac, 16):032x}"),
        "macAddress": interface.mac,
        "category": "NetworkSecurityGroupFlowEvent",
        "resourceId": _group(org, interface),
        "operationName": "NetworkSecurityGroupFlowEvents",
        "properties": {"Version": 2, "flows": flows},
    }


def _open(run: Run, expected: float) -> Feed:
    return FlowBlobs(run, expected, Form(name=NAME, folder=_folder, tuple=_tuple, record=_record))


SOURCE = Source(name=NAME, root=BUCKET, share=0.03, open=_open)
