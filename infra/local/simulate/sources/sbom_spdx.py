"""Bills of materials of the organisation's repositories in SPDX, as GitHub's dependency graph exports them.

https://docs.github.com/en/rest/dependency-graph/sboms
"""

from __future__ import annotations

import json
import random

from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import Repository
from infra.local.simulate.rendering import ticks_z, uuid
from infra.local.simulate.scans import Scan, Scans, root

NAME = "sbom_spdx"
USED = (
    # ecosystem, package, version, licence
    ("npm", "express", "4.19.2", "MIT"),
    ("npm", "lodash", "4.17.21", "MIT"),
    ("pypi", "requests", "2.31.0", "Apache-2.0"),
    ("githubactions", "actions/checkout", "4.2.2", None),
)


def bill(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the bill of a repository: itself, and what its manifests name."""
    itself = {
        "SPDXID": "SPDXRef-Repository",
        "name": f"com.github.{repository.name}",
        "versionInfo": "main",
        "downloadLocation": f"git+https://github.com/{repository.name}",
        "licenseDeclared": "NOASSERTION",
        "filesAnalyzed": False,
    }
    used = [
        {
            "SPDXID": f"SPDXRef-{ecosystem}-{package.replace('/', '-')}-{version}",
            "name": package,
            "versionInfo": version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            **({"licenseConcluded": licence} if licence else {}),
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:{ecosystem}/{package}@{version}",
                }
            ],
        }
        for ecosystem, package, version, licence in USED
    ]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"com.github.{repository.name}",
        "documentNamespace": f"https://spdx.org/spdxdocs/protobom/{uuid(rng.randbytes(16).hex())}",
        "creationInfo": {
            "creators": ["Tool: protobom-v0.0.0", "Tool: GitHub.com-Dependency-Graph"],
            "created": f"{ticks_z(at_ms, 0)[:19]}Z",
        },
        "documentDescribes": ["SPDXRef-Repository"],
        "packages": [itself, *used],
        "relationships": [
            {
                "relationshipType": "DEPENDS_ON",
                "spdxElementId": "SPDXRef-Repository",
                "relatedSpdxElement": package["SPDXID"],
            }
            for package in used
        ],
    }
    return Scan(json.dumps(document).encode(), len(USED) + 1)


def feed(run: Run, expected: float) -> Scans:
    """Return bills that list `expected` packages over the run."""
    return Scans(run, expected, source=NAME, size=len(USED) + 1, scan=bill)


SOURCE = Source(name=NAME, root=root(NAME), share=0.003, open=feed)
