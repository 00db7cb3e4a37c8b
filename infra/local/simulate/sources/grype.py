"""Grype's reports of images, as a pipeline writes them after each build: https://github.com/anchore/grype."""

from __future__ import annotations

import hashlib
import json
import random

from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import Repository
from infra.local.simulate.rendering import millis_z
from infra.local.simulate.scans import Scan, Scans, image, root
from infra.local.simulate.weaknesses import KNOWN

NAME = "grype"


def scan(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the report of a repository's image."""
    name = image(repository)
    digest = hashlib.sha256(name.encode()).hexdigest()
    matches = [
        {
            "vulnerability": {
                "id": cve,
                "dataSource": f"https://example.com/{cve}",
                "namespace": "amazon:distro:amazonlinux:2023",
                "severity": severity.title(),
                "urls": [f"https://example.com/{cve}"],
                "cvss": [{"version": "3.1", "metrics": {"baseScore": score}}],
                "fix": {"versions": [fixed] if fixed else [], "state": "fixed" if fixed else "not-fixed"},
            },
            "relatedVulnerabilities": [],
            "matchDetails": [{"type": "exact-direct-match", "matcher": "rpm-matcher"}],
            "artifact": {
                "id": hashlib.sha256(package.encode()).hexdigest()[:16],
                "name": package,
                "version": version,
                "type": "rpm",
                "locations": [{"path": "/var/lib/rpm/rpmdb.sqlite"}],
            },
        }
        for cve, package, version, fixed, score, severity in KNOWN
    ]
    target = {
        "userInput": name,
        "imageID": f"sha256:{digest}",
        "repoDigests": [f"{name.rpartition(':')[0]}@sha256:{digest}"],
    }
    report = {
        "matches": matches,
        "source": {"type": "image", "target": target},
        "distro": {"name": "amazonlinux", "version": "2023"},
        "descriptor": {"name": "grype", "version": "0.87.0", "timestamp": millis_z(at_ms)},
    }
    return Scan(json.dumps(report, indent=1).encode(), len(matches))


def feed(run: Run, expected: float) -> Scans:
    """Return `expected` matches over the run, and the reports that hold them."""
    return Scans(run, expected, source=NAME, size=len(KNOWN), scan=scan)


SOURCE = Source(name=NAME, root=root(NAME), share=0.02, open=feed)
