"""SLSA provenance: who built an artifact, from what, as in-toto statements in DSSE envelopes or Sigstore bundles.

One a line (`*.intoto.jsonl`) or one an object, as build systems and GitHub's attestation API deliver them; npm's
answer, a list of bundles about one package, is one record, and holds where all of them do. Out of what `gcloud
artifacts docker images describe --show-provenance` prints, each envelope is a record.
https://slsa.dev/spec/v1.0/provenance  https://slsa.dev/spec/v0.2/provenance
"""

from __future__ import annotations

import msgspec

from transforms.decoders.json_records import Expand
from transforms.lake.records import Raw
from transforms.sources.attestation import AttestationHead, clock, identity, unknown, vouch
from transforms.sources.base import ONE_EACH, KeyTemplate, Source


class Occurrence(msgspec.Struct, gc=False):
    envelope: msgspec.Raw = msgspec.Raw(b"")


class Summary(msgspec.Struct, gc=False):
    provenance: list[Occurrence] | None = None


class Described(msgspec.Struct, gc=False):
    provenance_summary: Summary | None = None


DESCRIBED = msgspec.json.Decoder(Described)


def envelopes(value: Raw) -> list[Raw]:
    """The envelopes in Google Cloud's description of an image; else a list's items, and anything else is a record."""
    records = ONE_EACH(value)
    try:
        described = DESCRIBED.decode(value)
    except msgspec.ValidationError:
        return records
    occurrences = (described.provenance_summary and described.provenance_summary.provenance) or []
    found: list[Raw] = [each.envelope for each in occurrences if bytes(each.envelope) not in (b"", b"null")]
    return found if found and len(found) == len(occurrences) else records


SOURCE = Source(
    name="slsa_provenance",
    title="SLSA provenance",
    vendor="OpenSSF",
    domain="supply chain",
    documentation="https://slsa.dev/spec/v1.0/provenance",
    event_id="the payload's SHA-256 and its index in the transparency log",
    lateness="when the build has ended and its result was uploaded",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)")),
    expand=Expand(envelopes),
    head=AttestationHead,
    identity=identity,
    clock=clock,
    reject=unknown,
    vouch=vouch,
)
