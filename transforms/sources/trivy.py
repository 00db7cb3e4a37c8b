"""Trivy: reports of images, file systems, repositories and clusters, and the resources of the Trivy operator.

A record is a finding: a weak package, a misconfiguration, a secret, a licence, or one of these that was set aside. What
quotes a secret or code is cut out: Trivy masks secrets itself, and what is left names their rule and place. Reports
before schema version 2, which may be bare arrays of results, have no time, and a cluster's has none either.
https://trivy.dev/latest/docs/configuration/reporting/
https://aquasecurity.github.io/trivy-operator/latest/docs/crds/
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.json_records import envelope
from transforms.decoders.reports import Reports, Way
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, LATENESS, clock

KINDS = ("Vulnerabilities", "Misconfigurations", "Secrets", "Licenses", "ExperimentalModifiedFindings")
RESULTS: tuple[Way, ...] = (
    (("report", "Results"),),
    (("cluster", "Resources"), ("resource", "Results")),
    (),
)
OPERATOR: tuple[Way, ...] = (
    *((("object", "report"), ("report", member)) for member in ("vulnerabilities", "checks", "secrets")),
    (("object", "status"), ("status", "summaryReport"), ("summary", "controlCheck")),
    (("object", "status"), ("status", "detailReport"), ("detail", "results"), ("control", "checks")),
)
RESOURCES = ("vulnerability", "configaudit", "exposedsecret", "rbacassessment", "infraassessment")
CLUSTER = ("clustervulnerability", "clusterconfigaudit", "clusterrbacassessment", "clusterinfraassessment")
KEY = ("VulnerabilityID", "vulnerabilityID", "ID", "checkID", "RuleID", "ruleID", "Name", "id", "Finding")

SOURCE = Source(
    name="trivy",
    title="Trivy reports",
    vendor="Aqua Security",
    domain="supply chain",
    documentation="https://trivy.dev/latest/docs/configuration/reporting/",
    lateness=LATENESS,
    keys=KEYS,
    framing=Reports(
        ways=(*((*way, ("result", kind)) for way in RESULTS for kind in KINDS), *OPERATOR),
        marks=frozenset({"SchemaVersion", "Target", "Results", "Resources"}),
        key=KEY,
        clock=(
            *("report.CreatedAt", "report.updateTimestamp", "status.updateTimestamp", "cluster.CreatedAt"),
            "object.metadata.creationTimestamp",
        ),
        left=(
            *("report.Metadata.ImageConfig", "report.Metadata.Layers", "report.Metadata.DiffIDs"),
            *("resource.Metadata", "result.Packages", "result.CustomResources", "object.spec"),
            *("object.metadata.managedFields", "object.metadata.annotations"),
        ),
        cut=(
            "Match",
            "Code",
            "match",
            "CauseMetadata.Code",
            "CauseMetadata.RenderedCause",
            "Finding.Match",
            "Finding.Code",
            "Finding.CauseMetadata.Code",
            "Finding.CauseMetadata.RenderedCause",
        ),
        expand=envelope(
            "items", *(f"{kind}reports.aquasecurity.github.io" for kind in (*RESOURCES, *CLUSTER, "clustercompliance"))
        ),
    ),
    table=Table(
        identity=(
            *("found_in", "scan", "report.ArtifactName", "report.ArtifactType", "report.Namespace", "report.Kind"),
            *("report.Name", "cluster.ClusterName", "resource.Namespace", "resource.Kind", "resource.Name"),
            *("object.metadata.uid", "result.Target", "result.Class", "result.Type", "control.id", *KEY, "text"),
            *("PkgID", "PkgName", "PkgPath", "InstalledVersion", "resource", "installedVersion", "target"),
            *("Message", "messages", "CauseMetadata", "StartLine", "EndLine", "FilePath"),
        ),
        needed=("scan",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=15),
)
