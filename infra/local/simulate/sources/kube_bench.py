"""kube-bench on the cluster's nodes: the benchmark's checks of a worker, as the job of each node writes them.

Reports have no time; a check of the organisation's own, of the node's clock, has what the clock said.
https://github.com/aquasecurity/kube-bench/blob/main/docs/running.md
"""

from __future__ import annotations

import json
import random
from typing import Any

from infra.local.simulate.model import Run, Source
from infra.local.simulate.network import interfaces
from infra.local.simulate.posture import Checks, Rounds
from infra.local.simulate.rendering import millis_z
from infra.local.simulate.scans import Scan, root
from infra.local.simulate.sources.falco import ACCOUNT

NAME = "kube_bench"
KUBELET = "/etc/kubernetes/kubelet/config.json"
CLOCK = "3.3.1"
CHECKS = (
    # number, section, what, audit, result, scored, expected, found
    (
        *("3.1.1", "3.1", "Ensure that the kubeconfig file permissions are set to 644 or more restrictive"),
        *("stat -c permissions=%a /var/lib/kubelet/kubeconfig", "PASS", True),
        *("permissions has permissions 644, expected 644 or more restrictive", "permissions=644"),
    ),
    (
        *("3.1.3", "3.1", "Ensure that the kubelet configuration file has permissions set to 644 or more restrictive"),
        *(f"stat -c permissions=%a {KUBELET}", "FAIL", True),
        *("permissions has permissions 666, expected 644 or more restrictive", "permissions=666"),
    ),
    (
        *("3.2.9", "3.2", "Ensure that the --event-qps argument is set to 0 or a level which ensures event capture"),
        *("/bin/ps -fC kubelet", "WARN", False, "'{.eventRecordQPS}' is present", ""),
    ),
    (
        *(CLOCK, "3.3", "Ensure that the node's clock is that of the cluster (example-org)"),
        *("date -u +clock=%FT%T.%3NZ", "PASS", True, "'clock' is present", ""),
    ),
)
TITLES = {
    "3.1": "Worker Node Configuration Files",
    "3.2": "Kubelet",
    "3.3": "Checks of the organisation",
}
TOTALS = ("pass", "fail", "warn", "info")


def section(number: str, at_ms: int) -> dict[str, Any]:
    """Return a section with its checks, and how many had which result."""
    results = [
        {
            "test_number": uid,
            "test_desc": text,
            "audit": audit,
            "AuditEnv": "",
            "AuditConfig": "",
            "type": "" if scored else "manual",
            "remediation": "Set it on the node as the benchmark says.\n",
            "test_info": ["Set it on the node as the benchmark says.\n"],
            "status": status,
            "actual_value": f"clock={millis_z(at_ms)}" if uid == CLOCK else found,
            "scored": scored,
            "IsMultiple": False,
            "expected_result": wanted,
            **({"reason": "Test marked as a manual test"} if status == "WARN" else {}),
        }
        for uid, of, text, audit, status, scored, wanted, found in CHECKS
        if of == number
    ]
    counts = {word: sum(result["status"] == word.upper() for result in results) for word in TOTALS}
    return {"section": number, "type": "", **counts, "desc": TITLES[number], "results": results}


def report(node: str, at_ms: int, rng: random.Random) -> Scan:
    """Return the report of a node: as large for all."""
    tests = [section(number, at_ms) for number in TITLES]
    totals = {f"total_{word}": sum(each[word] for each in tests) for word in TOTALS}
    control = {
        "id": "3",
        "version": "eks-1.5.0",
        "detected_version": "1.32",
        "text": "Worker Node Security Configuration",
        "node_type": "node",
        "tests": tests,
        **totals,
    }
    return Scan(json.dumps({"Controls": [control], "Totals": totals}).encode() + b"\n", len(CHECKS))


def feed(run: Run, expected: float) -> Rounds:
    """Return `expected` checks over the run, and the reports that hold them."""
    nodes = [f"ip-{found.ip.replace('.', '-')}.ec2.internal" for found in interfaces(run.organisation)[ACCOUNT][:6]]
    return Rounds(run, expected, Checks(NAME, nodes, len(CHECKS), report))


SOURCE = Source(name=NAME, root=root(NAME), share=0.006, open=feed)
