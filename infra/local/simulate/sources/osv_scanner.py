"""OSV-Scanner's reports of lock files, as a pipeline writes them: https://google.github.io/osv-scanner/output/.

They have no time; the folder that the pipeline checks out to is another for each run.
"""

from __future__ import annotations

import json
import random

from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import Repository
from infra.local.simulate.scans import Scan, Scans, root

NAME = "osv_scanner"
_KNOWN_ENTRIES = (
    ("GHSA-2026-aaaa-0001", "CVE-2026-10011", "left-pad", "1.0.0", "1.0.1", "HIGH", "7.5"),
    ("GHSA-2026-aaaa-0002", "CVE-2026-10012", "lodash", "4.17.4", "4.17.21", "MODERATE", "5.3"),
)


def scan(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the report of a repository's lock file."""
    packages = [
        {
            "package": {"name": package, "version": version, "ecosystem": "npm"},
            "vulnerabilities": [
                {
                    "schema_version": "1.6.0",
                    "id": uid,
                    "aliases": [cve],
                    "summary": f"A weakness of {package}",
                    "modified": "2026-01-02T03:04:05Z",
                    "affected": [{"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
                    "references": [{"type": "WEB", "url": f"https://example.com/{cve}"}],
                    "database_specific": {"severity": severity},
                }
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
