"""CycloneDX: software bills of materials, and the weaknesses that are known or ruled out for what they list (VEX).

A record is a component, however deep it lies in another, or a vulnerability. The bill around it (its serial number and
version, what it is of, the tool and the time) stands with each; its graph of dependencies does not.
https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.reports import Reports
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, LATENESS, clock

SOURCE = Source(
    name="sbom_cyclonedx",
    title="CycloneDX bills of materials",
    vendor="OWASP",
    domain="supply chain",
    documentation="https://cyclonedx.org/docs/1.6/json/",
    lateness=LATENESS,
    keys=KEYS,
    framing=Reports(
        ways=((("bom", "components"),), (("bom", "vulnerabilities"),)),
        marks=frozenset({"bomFormat"}),
        own=frozenset({"bom-ref", "purl"}),
        key=(),
        clock=("bom.metadata.timestamp",),
        left=(
            *("bom.dependencies", "bom.compositions", "bom.formulation", "bom.annotations", "bom.declarations"),
            *("bom.definitions", "bom.citations", "bom.services", "bom.signature", "bom.metadata.component.components"),
        ),
        within="components",
    ),
    table=Table(
        identity=("found_in", "scan", "bom.serialNumber", "bom.version", "bom.metadata", "text"),
        needed=("text",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=15),
)
