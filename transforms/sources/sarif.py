"""SARIF logs of any tool that scans code.

A record is a result. Its time is that of the run's invocation, else the log's object's. What quotes code, or shows how
it runs, is cut out: a scanner of secrets writes them there.
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.sarif import Sarif
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, LATENESS, clock

PLACES = ("locations", "relatedLocations")
PARTS = ("physicalLocation.region", "physicalLocation.contextRegion", "annotations")

SOURCE = Source(
    name="sarif",
    title="SARIF logs",
    vendor="OASIS",
    domain="scanners",
    documentation="https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html",
    lateness=LATENESS,
    keys=KEYS,
    framing=Sarif(
        ways=((("report", "runs"), ("run", "results")),),
        marks=frozenset({"runs", "$schema"}),
        key=("ruleId",),
        clock=("run.invocation.endTimeUtc", "run.invocation.startTimeUtc"),
        cut=(
            *("codeFlows", "fixes", "graphs", "stacks", "attachments", "properties.offender"),
            *(f"{place}.{part}.snippet" for place in PLACES for part in PARTS),
        ),
    ),
    table=Table(
        identity=(
            *("scan", "run.tool.driver.name", "run.automationDetails", "run.invocation", "ruleId", "locations"),
            *("message", "fingerprints", "partialFingerprints", "guid", "text"),
        ),
        needed=("scan",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=15),
)
