"""Bills of materials of the organisation's images in CycloneDX, as Syft writes them after each build.

The image and its packages are those that Trivy finds weak. https://github.com/anchore/syft
"""

from __future__ import annotations

import hashlib
import json
import random

from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import Repository
from infra.local.simulate.rendering import ticks_z, uuid
from infra.local.simulate.scans import Scan, Scans, image, root
from infra.local.simulate.weaknesses import KNOWN

NAME = "sbom_cyclonedx"


def bill(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the bill of a repository's image: what its system holds, and the application."""
    name = image(repository)
    application = repository.name.rpartition("/")[2]
    packages = [
        {
            "bom-ref": f"pkg:rpm/amzn/{package}@{version}",
            "type": "library",
            "name": package,
            "version": version,
            "purl": f"pkg:rpm/amzn/{package}@{version}?arch=x86_64&distro=amzn-2023",
            "cpe": f"cpe:2.3:a:{package}:{package}:{version}:*:*:*:*:*:*:*",
        }
        for _, package, version, *_ in KNOWN
    ]
    own = {
        "bom-ref": application,
        "type": "application",
        "group": "example-org",
        "name": application,
        "version": "1.4.2",
        "purl": f"pkg:github/example-org/{application}@1.4.2",
        "components": [{"type": "file", "name": f"/opt/{application}/main.js"}],
    }
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid(rng.randbytes(16).hex())}",
        "version": 1,
        "metadata": {
            "timestamp": f"{ticks_z(at_ms, 0)[:19]}Z",
            "tools": {
                "components": [{"type": "application", "author": "anchore", "name": "syft", "version": "1.20.0"}]
            },
            "component": {
                "type": "container",
                "name": name.rpartition(":")[0],
                "version": f"sha256:{hashlib.sha256(name.encode()).hexdigest()}",
            },
        },
        "components": [*packages, {"type": "operating-system", "name": "amzn", "version": "2023"}, own],
        "dependencies": [{"ref": application, "dependsOn": [packages[0]["bom-ref"]]}],
    }
    return Scan(json.dumps(document, indent=2).encode(), SIZE)


SIZE = len(KNOWN) + 3


def feed(run: Run, expected: float) -> Scans:
    """Return bills that list `expected` components over the run."""
    return Scans(run, expected, source=NAME, size=SIZE, scan=bill)


SOURCE = Source(name=NAME, root=root(NAME), share=0.004, open=feed)
