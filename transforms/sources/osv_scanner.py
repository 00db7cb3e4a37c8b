"""OSV-Scanner: what OSV.dev knows to be weak, or malicious, among the packages of lock files, SBOMs and images.

A record is an OSV entry of one package. No version of the tool writes a time: a scan has that of its object.
https://google.github.io/osv-scanner/output/
https://ossf.github.io/osv-schema/
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.reports import Reports
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, LATENESS, clock

KEY = ("id",)

SOURCE = Source(
    name="osv_scanner",
    title="OSV-Scanner reports",
    vendor="Google",
    domain="supply chain",
    documentation="https://google.github.io/osv-scanner/output/",
    lateness=LATENESS,
    keys=KEYS,
    framing=Reports(
        ways=((("report", "results"), ("result", "packages"), ("package", "vulnerabilities")),),
        marks=frozenset({"results"}),
        key=KEY,
        clock=("report.time",),
        left=("report.experimental_config", "report.image_metadata"),
    ),
    table=Table(
        identity=("found_in", "scan", "result.source", "package.package", *KEY, "text"),
        needed=("scan",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=15),
)
