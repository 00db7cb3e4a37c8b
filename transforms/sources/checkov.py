"""Checkov: what it checked in infrastructure as code, passed, failed or skipped; a report for each kind of code.

A record is a check of one resource. Reports have no time: it is their object's. The code that a finding quotes, and
the configuration of its resource, may hold a secret and are cut out. https://www.checkov.io/8.Outputs/JSON.html
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.reports import Reports
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, LATENESS, clock

SOURCE = Source(
    name="checkov",
    title="Checkov reports",
    vendor="Palo Alto Networks",
    domain="scanners",
    documentation="https://www.checkov.io/8.Outputs/JSON.html",
    lateness=LATENESS,
    keys=KEYS,
    framing=Reports(
        ways=tuple(
            (("report", "results"), ("results", member))
            for member in ("failed_checks", "passed_checks", "skipped_checks")
        ),
        marks=frozenset({"check_type", "checkov_version", "summary"}),
        key=("check_id",),
        clock=(),
        cut=(
            *("code_block", "fixed_definition", "evaluations", "connected_node.code_block"),
            *("check_result.entity", "check_result.results_configuration"),
        ),
    ),
    table=Table(
        identity=(
            "found_in",
            "scan",
            "report.check_type",
            "check_id",
            "resource",
            "file_path",
            "file_line_range",
            "text",
        ),
        needed=("scan",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=15),
)
