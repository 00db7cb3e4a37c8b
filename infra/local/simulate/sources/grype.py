"""Grype's reports of images, as a pipeline writes them after each build: https://github.com/anchore/grype."""

from __future__ import annotations

import hashlib
import json
import random

from infra.local.simulate.advisories import advisory
from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import Repository
from infra.local.simulate.rendering import millis_z
from infra.local.simulate.scans import Scan, Scans, image, root
from infra.local.simulate.weaknesses import KNOWN

NAME = "grype"


def match(
    layer: str, cve: str, package: str, version: str, fixed: str | None, score: float, severity: str
) -> dict[str, object]:
    """Return a weakness that a package of an image has."""
    said = advisory(cve, package, version, fixed, score)
    cvss = {"type": "Primary", "version": "3.1", "vector": said.vector, "metrics": {"baseScore": score}}
    distro = {"type": "amazonlinux", "version": "2023"}
    return {
        "vulnerability": {
            "id": cve,
            "dataSource": f"https://alas.example.com/{cve}",
            "namespace": "amazon:distro:amazonlinux:2023",
            "severity": severity.title(),
            "urls": [f"https://alas.example.com/{cve}"],
            "cvss": [cvss],
            "fix": {"versions": [fixed] if fixed else [], "state": "fixed" if fixed else "not-fixed"},
            "advisories": [],
        },
        "relatedVulnerabilities": [
            {
                "id": cve,
                "dataSource": f"https://nvd.example.com/vuln/detail/{cve}",
                "namespace": "nvd:cpe",
                "severity": severity.title(),
                "urls": list(said.references),
                "description": said.description,
                "cvss": [{"source": "nvd@nist.gov", **cvss}],
            }
        ],
        "matchDetails": [
            {
                "type": "exact-direct-match",
                "matcher": "rpm-matcher",
                "searchedBy": {
                    "distro": distro,
                    "namespace": "amazon:distro:amazonlinux:2023",
                    "package": {"name": package, "version": version},
                },
                "found": {"versionConstraint": f"< {fixed or '0'} (rpm)", "vulnerabilityID": cve},
            }
        ],
        "artifact": {
            "id": hashlib.sha256(package.encode()).hexdigest()[:16],
            "name": package,
            "version": version,
            "type": "rpm",
            "locations": [{"path": "/var/lib/rpm/rpmdb.sqlite", "layerID": f"sha256:{layer}"}],
            "language": "",
            "licenses": ["Apache-2.0"],
            "cpes": [f"cpe:2.3:a:{package}:{package}:{version}:*:*:*:*:*:*:*"],
            "purl": f"pkg:rpm/amzn/{package}@{version}?arch=x86_64&distro=amzn-2023",
            "upstreams": [{"name": package}],
        },
    }


def scan(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the report of a repository's image."""
    name = image(repository)
    digest = hashlib.sha256(name.encode()).hexdigest()
    matches = [match(digest, *known) for known in KNOWN]
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
