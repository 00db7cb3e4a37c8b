"""Sigstore bundles over what the organisation deploys, as `cosign sign-blob --bundle` writes them: one a run.

https://docs.sigstore.dev/cosign/signing/signing_with_blobs/
"""

from __future__ import annotations

from typing import Any

from infra.local.simulate.artifacts import SIGNING_S, Build, Evidence
from infra.local.simulate.model import Run, Source
from infra.local.simulate.signing import Instance

NAME = "sigstore_bundle"
ROOT = "s3/example-org-signatures"
BESIDE = 1
"""How far behind the provenance of a run the log holds this."""


def _bundle(instance: Instance, build: Build) -> Any:
    at = build.ended_s + SIGNING_S - 2
    return instance.sign_digest(build.digest, build.workflow(), at, build.index + BESIDE)


def _open(run: Run, expected: float) -> Evidence:
    """`expected` is not asked for: each run that deploys signs its artifact."""
    return Evidence(run, NAME, ROOT, ".sigstore.json", _bundle)


SOURCE = Source(name=NAME, root=ROOT, share=0.0, open=_open)
