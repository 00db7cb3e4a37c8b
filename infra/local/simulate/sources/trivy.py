"""Trivy's reports of images, as a pipeline writes them after each build: weak packages and the image's own settings.

The shape is that of schema version 2: https://trivy.dev/latest/docs/configuration/reporting/
"""

from __future__ import annotations

import hashlib
import json
import random

from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import Repository
from infra.local.simulate.rendering import millis_z
from infra.local.simulate.scans import Scan, Scans, image, root
from infra.local.simulate.weaknesses import KNOWN

NAME = "trivy"
CHECKS = (("DS-0002", "Image user should not be 'root'", "FAIL"), ("DS-0026", "No HEALTHCHECK defined", "PASS"))


def scan(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the report of a repository's image: always as large, so that volumes can be planned."""
    name = image(repository)
    digest = hashlib.sha256(name.encode()).hexdigest()
    weak = [
        {
            "VulnerabilityID": cve,
            "PkgID": f"{package}@{version}",
            "PkgName": package,
            "InstalledVersion": version,
            **({"FixedVersion": fixed} if fixed else {}),
            "Status": "fixed" if fixed else "affected",
            "Title": f"{package}: a weakness",
            "Severity": severity,
            "CVSS": {"nvd": {"V3Score": score}},
        }
        for cve, package, version, fixed, score, severity in KNOWN
    ]
    checked = [
        {"Type": "Dockerfile Security Check", "ID": uid, "Title": title, "Severity": "LOW", "Status": status}
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
