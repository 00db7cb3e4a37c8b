"""kube-bench: the CIS Kubernetes Benchmark's checks of a node, a JSON report a run.

A record is a check. Reports have no time: it is their object's, whose folder names the node or the cluster.
https://github.com/aquasecurity/kube-bench/blob/main/docs/running.md
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.reports import Reports, Way
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, LATENESS, clock

CHECKS: Way = (("control", "tests"), ("section", "results"))

SOURCE = Source(
    name="kube_bench",
    title="kube-bench reports",
    vendor="Aqua Security",
    domain="scanners",
    documentation="https://github.com/aquasecurity/kube-bench",
    lateness=LATENESS,
    keys=KEYS,
    framing=Reports(
        ways=((("report", "Controls"), *CHECKS), CHECKS),
        marks=frozenset({"Controls", "Totals", "node_type"}),
        key=("test_number",),
        clock=(),
        left=("report.Totals",),
    ),
    table=Table(
        identity=(
            "scan",
            "control.id",
            "control.version",
            "control.node_type",
            "section.section",
            "test_number",
            "status",
            "text",
        ),
        needed=("scan",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=15),
)
