"""Sigstore bundles, as the simulation must write them: their form, and that each signs an artifact of its own."""

from __future__ import annotations

import re
from datetime import datetime

from forms.slsa_provenance import TIME, Event, entry, events, state, when

KEY = re.compile(
    r"sigstore/trusted_root\.json|s3/example-org-signatures/[\w-]+/\d{4}/\d\d/\d\d/\d+(-1)?\.sigstore\.json"
)
__all__ = ["KEY", "ORDINARY", "TIME", "events", "uid", "when"]


def uid(event: Event) -> str:
    return str(entry(event)["logIndex"])


def each_artifact_is_signed_once(ordinary: list[Event], end: datetime) -> None:
    digests = [event["messageSignature"]["messageDigest"]["digest"] for event in ordinary]
    assert len(digests) == len(set(digests)) > 10
    assert {state(event) for event in ordinary[:5]} == {"verified"}


ORDINARY = (each_artifact_is_signed_once,)
