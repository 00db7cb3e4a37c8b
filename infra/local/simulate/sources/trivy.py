"""Trivy's reports of images, as a pipeline writes them after each build: weak packages and the image's own settings.

The shape is that of schema version 2: https://trivy.dev/latest/docs/configuration/reporting/
"""

from __future__ import annotations

import hashlib
import json
import random

from infra.local.simulate.advisories import MODIFIED, PUBLISHED, advisory
from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import Repository
from infra.local.simulate.rendering import millis_z
from infra.local.simulate.scans import Scan, Scans, image, root
from infra.local.simulate.weaknesses import KNOWN

NAME = "trivy"
CHECKS = (("DS-0002", "Image user should not be 'root'", "FAIL"), ("DS-0026", "No HEALTHCHECK defined", "PASS"))


def weakness(
    layer: str, cve: str, package: str, version: str, fixed: str | None, score: float, severity: str
) -> dict[str, object]:
    """Return a weakness of one package in one layer of an image."""
    said = advisory(cve, package, version, fixed, score)
    return {
        "VulnerabilityID": cve,
        "VendorIDs": [f"ALAS2023-{cve.removeprefix('CVE-')}"],
        "PkgID": f"{package}@{version}",
        "PkgName": package,
        "PkgIdentifier": {"PURL": f"pkg:rpm/amazon/{package}@{version}?arch=x86_64&distro=amazon-2023"},
        "InstalledVersion": version,
        **({"FixedVersion": fixed} if fixed else {}),
        "Status": "fixed" if fixed else "affected",
        "Layer": {"Digest": f"sha256:{layer}", "DiffID": f"sha256:{layer[::-1]}"},
        "SeveritySource": "amazon",
        "PrimaryURL": f"https://avd.example.com/nvd/{cve.lower()}",
        "DataSource": {"ID": "amazon", "Name": "Amazon Linux Security Center", "URL": "https://alas.example.com/"},
        "Title": said.title,
        "Description": said.description,
        "Severity": severity,
        "CweIDs": list(said.cwes),
        "VendorSeverity": {"amazon": 2, "nvd": 2, "redhat": 2, "ubuntu": 2},
        "CVSS": {source: {"V3Vector": said.vector, "V3Score": score} for source in ("nvd", "redhat")},
        "References": list(said.references),
        "PublishedDate": PUBLISHED,
        "LastModifiedDate": MODIFIED,
    }


def scan(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the report of a repository's image: always as large, so that volumes can be planned."""
    name = image(repository)
    digest = hashlib.sha256(name.encode()).hexdigest()
    weak = [weakness(digest, *known) for known in KNOWN]
    checked = [
        {
            "Type": "Dockerfile Security Check",
            "ID": uid,
            "Title": title,
            "Description": f"{title}. A setting of the image that the Dockerfile decides, whatever runs it.",
            "Namespace": f"builtin.dockerfile.{uid}",
            "Query": f"data.builtin.dockerfile.{uid}.deny",
            "Resolution": "Say it in the Dockerfile",
            "Severity": "LOW",
            "PrimaryURL": f"https://avd.example.com/misconfig/{uid.lower()}",
            "References": [f"https://docs.example.com/dockerfile/{uid}", f"https://avd.example.com/misconfig/{uid}"],
            "Status": status,
            "CauseMetadata": {"Provider": "Dockerfile", "Service": "general"},
        }
        for uid, title, status in CHECKS
    ]
    report = {
        "SchemaVersion": 2,
        "Trivy": {"Version": "0.58.0"},
        "CreatedAt": millis_z(at_ms),
        "ArtifactName": name,
        "ArtifactType": "container_image",
        "Metadata": {"ImageID": f"sha256:{digest}", "RepoDigests": [f"{name.rpartition(':')[0]}@sha256:{digest}"]},
        "Results": [
            {"Target": f"{name} (amazon 2023)", "Class": "os-pkgs", "Type": "amazon", "Vulnerabilities": weak},
            {"Target": "Dockerfile", "Class": "config", "Type": "dockerfile", "Misconfigurations": checked},
        ],
    }
    return Scan(json.dumps(report, indent=2).encode(), len(weak) + len(checked))


def feed(run: Run, expected: float) -> Scans:
    """Return `expected` findings over the run, and the reports that hold them."""
    return Scans(run, expected, source=NAME, size=len(KNOWN) + len(CHECKS), scan=scan)


SOURCE = Source(name=NAME, root=root(NAME), share=0.02, open=feed)
