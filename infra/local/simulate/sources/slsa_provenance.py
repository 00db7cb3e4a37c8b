"""SLSA provenance of what the organisation deploys, as slsa-github-generator writes it: a bundle a run, in a bucket.

The generator of version 2 signs for the workflow that calls it, and writes Sigstore bundles with a statement of
provenance 0.2.  https://github.com/slsa-framework/slsa-github-generator/blob/main/internal/builders/generic/README.md
"""

from __future__ import annotations

from typing import Any

from infra.local.simulate.artifacts import BUILDER, SIGNING_S, Build, Evidence
from infra.local.simulate.model import Run, Source
from infra.local.simulate.signing import Instance

NAME = "slsa_provenance"
ROOT = "s3/example-org-provenance"


def statement(build: Build) -> dict[str, Any]:
    """Return the in-toto statement that tells of a build."""
    source = {
        "uri": f"git+https://github.com/{build.repository}@{build.ref}",
        "digest": {"sha1": build.commit},
    }
    return {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [{"name": build.artifact, "digest": {"sha256": build.digest.hex()}}],
        "predicate": {
            "builder": {"id": BUILDER},
            "buildType": "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
            "invocation": {
                "configSource": {**source, "entryPoint": ".github/workflows/deploy.yml"},
                "parameters": {},
                "environment": {
                    "github_event_name": build.trigger,
                    "github_ref": build.ref,
                    "github_run_attempt": str(build.attempt),
                    "github_run_id": str(build.run_uid),
                    "github_sha1": build.commit,
                },
            },
            "metadata": {
                "buildInvocationID": f"{build.run_uid}-{build.attempt}",
                "completeness": {"parameters": True, "environment": False, "materials": False},
                "reproducible": False,
            },
            "materials": [source],
        },
    }


def _bundle(instance: Instance, build: Build) -> Any:
    return instance.attest(statement(build), build.workflow(BUILDER), build.ended_s + SIGNING_S, build.index)


def _open(run: Run, expected: float) -> Evidence:
    """`expected` is not asked for: each run that deploys has its provenance."""
    return Evidence(run, NAME, ROOT, ".intoto.jsonl", _bundle)


SOURCE = Source(name=NAME, root=ROOT, share=0.0, open=_open)
