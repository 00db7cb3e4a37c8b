"""SPDX: software bills of materials in the JSON of versions 2.2 and 2.3.

A record is a package. The document around it (its namespace, name, creators and the time) stands with each; its files,
snippets and relationships do not. GitHub's export has the document in `sbom`. Documents of SPDX 3 (a graph in JSON-LD)
are quarantined.
https://spdx.github.io/spdx-spec/v2.3/
https://docs.github.com/en/rest/dependency-graph/sboms
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.reports import Reports
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, LATENESS, clock

SOURCE = Source(
    name="sbom_spdx",
    title="SPDX bills of materials",
    vendor="SPDX",
    domain="supply chain",
    documentation="https://spdx.github.io/spdx-spec/v2.3/",
    lateness=LATENESS,
    keys=KEYS,
    framing=Reports(
        ways=((("document", "packages"),), (("export", "sbom"), ("document", "packages"))),
        marks=frozenset({"spdxVersion"}),
        own=frozenset({"downloadLocation"}),
        key=(),
        clock=("document.creationInfo.created",),
        left=(
            *("document.files", "document.snippets", "document.relationships", "document.annotations"),
            *("document.hasExtractedLicensingInfos", "document.externalDocumentRefs", "document.revieweds"),
        ),
    ),
    table=Table(
        identity=("found_in", "scan", "document.documentNamespace", "document.name", "document.creationInfo", "text"),
        needed=("text",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=15),
)
