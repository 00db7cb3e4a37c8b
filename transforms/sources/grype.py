"""Grype: reports of what in an image, a directory or a bill of materials is known to be weak.

A record is a match. Reports of versions before 0.50 have no time.
https://github.com/anchore/grype#output-formats
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.reports import Reports
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, LATENESS, clock

KEY = ("vulnerability",)

SOURCE = Source(
    name="grype",
    title="Grype reports",
    vendor="Anchore",
    domain="supply chain",
    documentation="https://github.com/anchore/grype#output-formats",
    lateness=LATENESS,
    keys=KEYS,
    framing=Reports(
        ways=((("report", "matches"),), (("report", "ignoredMatches"),)),
        marks=frozenset({"descriptor"}),
        key=KEY,
        clock=("report.descriptor.timestamp",),
        left=(
            *("report.descriptor.configuration", "report.descriptor.db", "report.source.target.manifest"),
            *("report.source.target.config", "report.source.target.layers", "report.alertsByPackage"),
        ),
    ),
    table=Table(
        identity=("found_in", "scan", "report.source", *KEY, "artifact", "appliedIgnoreRules", "text"),
        needed=("scan",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=15),
)
