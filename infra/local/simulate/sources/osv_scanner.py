"""OSV-Scanner's reports of lock files, as a pipeline writes them: https://google.github.io/osv-scanner/output/.

They have no time; the folder that the pipeline checks out to is another for each run.
"""

from __future__ import annotations

import json
import random

from infra.local.simulate.advisories import MODIFIED, PUBLISHED, advisory
from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import Repository
from infra.local.simulate.scans import Scan, Scans, root

NAME = "osv_scanner"
_KNOWN_ENTRIES = (
    ("GHSA-2026-aaaa-0001", "CVE-2026-10011", "left-pad", "1.0.0", "1.0.1", "HIGH", "7.5"),
    ("GHSA-2026-aaaa-0002", "CVE-2026-10012", "lodash", "4.17.4", "4.17.21", "MODERATE", "5.3"),
)


def entry(uid: str, cve: str, package: str, version: str, fixed: str, severity: str, score: float) -> dict[str, object]:
    """Return OSV.dev's entry of a weakness."""
    said = advisory(cve, package, version, fixed, score)
    return {
        "schema_version": "1.6.0",
        "id": uid,
        "modified": MODIFIED,
        "published": PUBLISHED,
        "aliases": [cve],
        "related": [f"CGA-{uid[-4:]}-{uid[5:9]}"],
        "summary": said.title,
        "details": f"### Impact\n{said.description}\n\n### Patches\nMended in {fixed}.\n",
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": package, "purl": f"pkg:npm/{package}"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
                "database_specific": {"source": f"https://github.example.com/advisories/{uid}.json"},
            }
        ],
        "references": [{"type": "WEB", "url": url} for url in said.references],
        "database_specific": {
            "cwe_ids": list(said.cwes),
            "github_reviewed": True,
            "github_reviewed_at": PUBLISHED,
            "nvd_published_at": PUBLISHED,
            "severity": severity,
        },
        "severity": [{"type": "CVSS_V3", "score": said.vector}],
    }


def scan(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the report of a repository's lock file."""
    packages = [
        {
            "package": {"name": package, "version": version, "ecosystem": "npm"},
            "vulnerabilities": [
                entry(uid, cve, package, version, fixed, severity, float(score)),
            ],
            "groups": [{"ids": [uid], "aliases": [cve, uid], "max_severity": score}],
        }
        for uid, cve, package, version, fixed, severity, score in _KNOWN_ENTRIES
    ]
    path = f"/builds/{at_ms}/{repository.name}/package-lock.json"
    report = {"results": [{"source": {"path": path, "type": "lockfile"}, "packages": packages}]}
    return Scan(json.dumps(report, indent=2).encode(), len(packages))


def feed(run: Run, expected: float) -> Scans:
    """Return `expected` entries over the run, and the reports that hold them."""
    return Scans(run, expected, source=NAME, size=len(_KNOWN_ENTRIES), scan=scan)


SOURCE = Source(name=NAME, root=root(NAME), share=0.01, open=feed)
