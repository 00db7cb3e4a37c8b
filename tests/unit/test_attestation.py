"""Signed evidence: what an instance of our own signed verifies by its root, and nothing that was changed does."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.local.simulate.signing import Instance, Workflow
from transforms.errors import ConfigError
from transforms.settings import Settings
from transforms.sources import get
from transforms.sources.attestation import MOST, ROOTS, AttestationHead, clock, identity, vouch
from transforms.sources.base import Beside, Source

Bundle = dict[str, Any]
URL = "https://github.com/example-org/shop/.github/workflows/deploy.yml@refs/heads/main"
RUN = "https://github.com/example-org/shop/actions/runs/170/attempts/2"
BY = Workflow(URL, "example-org/shop", "refs/heads/main", "ab" * 20, URL, "push", RUN)
AT = 1_793_611_800
STATEMENT = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1"}
OURS, OTHERS = Instance("ours"), Instance("others")
KINDS = ("dsse", "intoto", "hashedrekord")


class Text(str):
    """A record as it is written, where that matters."""


def signed(kind: str, by: Instance = OURS, index: int = 7) -> Bundle:
    if kind == "hashedrekord":
        return by.sign_digest(sha256(b"artifact").digest(), BY, AT, index)
    return by.attest(STATEMENT, BY, AT, index, kind=kind)


@pytest.fixture
def verdict(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """What landing says of a record, with some instances' roots configured."""

    def judge(record: Any, *instances: Instance) -> dict[str, Any]:
        paths = []
        for number, instance in enumerate(instances or (OURS,)):
            paths.append(tmp_path / f"root{number}.json")
            paths[-1].write_bytes(instance.trusted_root())
        environment = {ROOTS: " ".join(map(str, paths))}
        beside = Beside(None, None, Settings(lake="lake", environment=environment))  # type: ignore[arg-type]
        text = record if isinstance(record, Text) else json.dumps(record)
        return dict(vouch(text.encode(), beside).get("verification", {}))

    return judge


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_signed_verifies(verdict: Callable[..., dict[str, Any]], kind: str) -> None:
    found = verdict(signed(kind))
    assert found == {
        "state": "verified",
        "root": sha256(OURS.trusted_root()).hexdigest(),
        "identity": URL,
        "issuer": "https://token.actions.githubusercontent.com",
        "repository": "https://github.com/example-org/shop",
        "ref": "refs/heads/main",
        "commit": "ab" * 20,
        "workflow": URL,
        "trigger": "push",
        "run": RUN,
        "log_index": "7",
        "integrated_time": str(AT),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_another_root_rejects_and_a_later_one_verifies_anew(verdict: Callable[..., dict[str, Any]], kind: str) -> None:
    """The verdict names the root that it was made with: of a rejection, all that were tried."""
    ours, others = (sha256(each.trusted_root()).hexdigest() for each in (OURS, OTHERS))
    before, after = verdict(signed(kind), OTHERS), verdict(signed(kind), OTHERS, OURS)
    assert (before["state"], before["root"]) == ("rejected", others)
    assert (after["state"], after["root"]) == ("verified", ours)
    neither = verdict(signed(kind, Instance("nobody's")), OTHERS, OURS)
    assert (neither["state"], neither["root"]) == ("rejected", f"{others} {ours}")


def _entry(bundle: Bundle) -> Bundle:
    found: Bundle = bundle["verificationMaterial"]["tlogEntries"][0]
    return found


def _other_payload(bundle: Bundle) -> None:
    bundle["dsseEnvelope"]["payload"] = b64encode(json.dumps({**STATEMENT, "subject": []}).encode()).decode()


def _other_type(bundle: Bundle) -> None:
    bundle["dsseEnvelope"]["payloadType"] += "x"


def _other_signature(bundle: Bundle) -> None:
    other = OURS.attest({"_type": "other"}, BY, AT, 7)
    bundle["dsseEnvelope"]["signatures"] = other["dsseEnvelope"]["signatures"]


def _other_entry(bundle: Bundle) -> None:
    kind = _entry(bundle)["kindVersion"]["kind"]
    other = OURS.attest({"_type": "other"}, BY, AT, 7, kind=kind)
    bundle["verificationMaterial"]["tlogEntries"] = [_entry(other)]


def _later(bundle: Bundle) -> None:
    _entry(bundle)["integratedTime"] = str(AT + 1)


def _other_index(bundle: Bundle) -> None:
    _entry(bundle)["logIndex"] = "8"


def _no_promise(bundle: Bundle) -> None:
    del _entry(bundle)["inclusionPromise"]


def _others_certificate(bundle: Bundle) -> None:
    other = signed(_entry(bundle)["kindVersion"]["kind"], OTHERS)["verificationMaterial"]
    bundle["verificationMaterial"] |= {key: value for key, value in other.items() if key != "tlogEntries"}


def _two_signatures(bundle: Bundle) -> None:
    bundle["dsseEnvelope"]["signatures"] *= 2


def _newer_version(bundle: Bundle) -> None:
    bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.9"


def _no_entry(bundle: Bundle) -> None:
    bundle["verificationMaterial"]["tlogEntries"] = []


CHANGES = (
    _other_payload, _other_type, _other_signature, _other_entry, _later, _other_index, _no_promise,
    _others_certificate, _two_signatures, _newer_version, _no_entry,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["dsse", "intoto"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_was_changed_is_rejected(
    verdict: Callable[..., dict[str, Any]], kind: str, change: Callable[[Bundle], None]
) -> None:
    bundle = signed(kind)
    change(bundle)
    found = verdict(bundle)
    assert found["state"] == "rejected"
    assert found["reason"]


def test_an_entry_without_proof_counts_in_the_oldest_bundles_alone(verdict: Callable[..., dict[str, Any]]) -> None:
    bundle = signed("intoto")
    bundle["mediaType"] = bundle["mediaType"].replace("0.1", "0.2")
    assert verdict(bundle)["state"] == "rejected"


def test_an_expired_certificate_signs_nothing(verdict: Callable[..., dict[str, Any]], monkeypatch: Any) -> None:
    """The log took in what a certificate signed after its ten minutes."""
    certify = Instance.certify
    for kind in ("dsse", "intoto"):
        with monkeypatch.context() as patched:
            patched.setattr(Instance, "certify", lambda self, key, by, at_s, n: certify(self, key, by, at_s - 601, n))
            bundle = signed(kind)
        found = verdict(bundle)
        assert (found["state"], "not valid" in found["reason"]) == ("rejected", True)


def test_another_digest_than_the_signed_one_is_rejected(verdict: Callable[..., dict[str, Any]]) -> None:
    bundle = signed("hashedrekord")
    bundle["messageSignature"]["messageDigest"]["digest"] = b64encode(sha256(b"other").digest()).decode()
    assert verdict(bundle)["state"] == "rejected"
    del bundle["messageSignature"]["messageDigest"]
    assert verdict(bundle)["reason"] == "it does not name the digest of what was signed"


@pytest.mark.parametrize("kind", KINDS)
def test_what_could_be_read_in_two_ways_is_rejected(verdict: Callable[..., dict[str, Any]], kind: str) -> None:
    """What verifies must be what the model reads: a forged statement beside a signed one counts for nothing."""
    forged = {"payload": b64encode(json.dumps({**STATEMENT, "subject": []}).encode()).decode(), "signatures": []}
    good = signed(kind)
    content = "messageSignature" if kind == "hashedrekord" else "dsseEnvelope"
    message, digest = good.get("messageSignature", {}), good.get("messageSignature", {}).get("messageDigest", {})
    for evil in (
        good | forged,
        good | STATEMENT,
        good | {"attestations": []},
        good | {"dsseEnvelope": forged, "dsse_envelope": good.get("dsseEnvelope")},
        good | {"dsseEnvelope": forged, "messageSignature": signed("hashedrekord")["messageSignature"]},
        good | {"messageSignature": {**message, "message_digest": digest}, "dsseEnvelope": None},
        {"attestations": [{"bundle": good}], **forged},
        {"attestations": [{"bundle": good | forged}]},
        {"attestations": [{"bundle": good}, {"bundle": forged}]},
    ):
        assert verdict(evil)["state"] != "verified"
    text = json.dumps(good)
    for twice in (
        f'{{"{content}":{json.dumps(forged)},{text[1:]}',
        f'{text[:-1]},"{content}":{json.dumps(good[content])}}}',
        f'{{"payload":null,{text[1:-1]},"payload":{json.dumps(forged["payload"])}}}',
    ):
        assert verdict(Text(twice)).get("state") == "rejected"


def test_what_nothing_proves_is_unproven(verdict: Callable[..., dict[str, Any]]) -> None:
    """An envelope alone does not say when it was signed; a key alone is in no root; a statement is nobody's word."""
    key = signed("dsse")
    key["verificationMaterial"] = {"publicKey": {"hint": "example"}, "tlogEntries": [_entry(key)]}
    for record in (signed("dsse")["dsseEnvelope"], key, STATEMENT):
        assert verdict(record)["state"] == "unproven"


def test_a_list_holds_where_all_of_it_does(verdict: Callable[..., dict[str, Any]]) -> None:
    good, bad = signed("dsse"), signed("intoto", OTHERS)
    alone = signed("dsse")["dsseEnvelope"]

    def listed(*bundles: Bundle) -> Bundle:
        return {"attestations": [{"predicateType": "x", "bundle": bundle} for bundle in bundles]}

    assert verdict(listed(good, signed("intoto")))["state"] == "verified"
    assert verdict(listed(good, alone))["state"] == "unproven"
    assert verdict(listed(alone, bad, good))["state"] == "rejected"
    assert verdict(listed(*[good] * (MOST + 1)))["reason"] == f"more than {MOST} attestations"


@pytest.mark.parametrize("place", ["mediaType", "verificationMaterial", "dsseEnvelope"])
@pytest.mark.parametrize("value", [None, 7, "", "x", [], {}, [[]], {"tlogEntries": [None]}, {"tlogEntries": 7}])
@pytest.mark.parametrize("kind", ["dsse", "intoto"])
def test_hostile_shapes_never_verify(verdict: Callable[..., dict[str, Any]], kind: str, place: str, value: Any) -> None:
    """Nor do they raise: landing goes on with the next record."""
    assert verdict(signed(kind) | {place: value}).get("state") != "verified"


@pytest.mark.parametrize("text", ["\u0000%%%9" * 9, "9" * 30, "-1", "AAAA"])
def test_hostile_texts_in_a_bundle_never_raise(verdict: Callable[..., dict[str, Any]], text: str) -> None:
    """Every text of a bundle in turn is one that is no base64, no time, no certificate."""

    def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        if isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            return [found for key, each in items for found in places(each, (*path, key))]
        return [path]

    for kind in KINDS:
        for path in places(signed(kind)):
            bundle = spoiled = json.loads(json.dumps(signed(kind)))
            for key in path[:-1]:
                spoiled = spoiled[key]
            spoiled[path[-1]] = text
            assert verdict(bundle).get("state") != "verified", path
            head = msgspec.json.decode(json.dumps(bundle), type=AttestationHead)
            assert isinstance(clock(head), str | int | None)
            assert identity(head) is None or kind != "hashedrekord"


def test_a_root_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text("{}")
    for path in ("missing.json", "root.json"):
        settings = Settings(lake="lake", environment={ROOTS: str(tmp_path / path)})
        with pytest.raises(ConfigError, match=ROOTS):
            vouch(json.dumps(signed("dsse")).encode(), Beside(None, None, settings))  # type: ignore[arg-type]


def test_declarations_do_not_load_the_library() -> None:
    program = (
        "import sys; from transforms.sources import get; get('slsa_provenance'); get('sigstore_bundle');"
        "print([m for m in ('sigstore', 'cryptography', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_neither_is_refused() -> None:
    """A document of another kind goes to quarantine; an image's description gives its envelopes."""
    provenance, bundles = get("slsa_provenance"), get("sigstore_bundle")

    def refused(source: Source, text: bytes) -> str | None:
        return source.reject(msgspec.json.decode(text, type=source.head))

    envelope = json.dumps(signed("dsse")["dsseEnvelope"]).encode()
    assert refused(provenance, envelope) is None
    assert refused(bundles, envelope) == "no Sigstore bundle"
    assert refused(bundles, json.dumps(signed("hashedrekord")).encode()) is None
    for text in (b'{"hello":"world"}', b'{"image_summary":{},"provenance_summary":{"provenance":[]}}'):
        assert provenance.expand(text) == [text]
        assert refused(provenance, text) == "neither a Sigstore bundle, a DSSE envelope nor an in-toto statement"
        assert refused(bundles, text) == "no Sigstore bundle"
    described = b'{"provenance_summary":{"provenance":[{"envelope":%s},{"envelope":%s}]}}' % (envelope, envelope)
    assert list(map(bytes, provenance.expand(described))) == [envelope, envelope]
    partly = b'{"provenance_summary":{"provenance":[{"envelope":%s},{"envelope":null}]}}' % envelope
    assert provenance.expand(partly) == [partly]
    assert list(map(bytes, provenance.expand(b"[%s,%s]" % (envelope, envelope)))) == [envelope, envelope]


def test_der_and_plain_extensions_are_read() -> None:
    """What Fulcio wrote before 2023 is plain text, longer texts have longer lengths."""
    from transforms.sources.attestation import _text

    plain, der = "1.3.6.1.4.1.57264.1.5", "1.3.6.1.4.1.57264.1.12"
    assert _text(plain, b"example-org/shop") == "example-org/shop"
    assert _text(der, b"\x0c\x02ab") == "ab"
    assert _text(der, b"\x0c\x81\xc8" + b"a" * 200) == "a" * 200
    assert _text(der, b"\x0c\x82\x01\x2c" + b"a" * 300) == "a" * 300
    assert _text(der, b"") is None
