"""Sigstore bundles: a signature over an artifact or a statement, with the certificate and the log entry that prove it.

What `cosign sign-blob --bundle`, `cosign attest` and `gh attestation download` write: one an object, or one a line.
Bundles hold the digest of what was signed, not the artifact: a verdict is about that digest. A file of trusted roots
beside them is none, and is passed over.
https://docs.sigstore.dev/about/bundle/
"""

from __future__ import annotations

from transforms.sources.attestation import AttestationHead, clock, identity, vouch
from transforms.sources.base import KeyTemplate, Source, Value


def bundle_identity(head: AttestationHead) -> tuple[Value, ...] | None:
    """That of what is attested; a signature over an artifact is known by its own text."""
    return None if head.dsseEnvelope is None else identity(head)


def no_bundle(head: AttestationHead) -> str | None:
    """Why a document is none."""
    return None if head.mediaType and head.verificationMaterial else "no Sigstore bundle"


SOURCE = Source(
    name="sigstore_bundle",
    title="Sigstore bundles",
    vendor="OpenSSF",
    domain="supply chain",
    documentation="https://docs.sigstore.dev/about/bundle/",
    event_id="the payload's SHA-256 and its index in the transparency log; of a signature over an artifact the text",
    lateness="when what is signed was uploaded",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)")),
    skip_keys=r"(^|/)trusted_root[^/]*\.json$",
    head=AttestationHead,
    identity=bundle_identity,
    clock=clock,
    reject=no_bundle,
    vouch=vouch,
)
