"""Signed evidence of how an artifact came to be: DSSE envelopes, Sigstore bundles, and whether their signatures hold.

What is signed is verified once, as it lands, offline, with sigstore-python and the trusted roots that
`CATCHMENT_SIGSTORE_ROOTS` names (files `trusted_root.json`, between spaces; none: that of Sigstore's public instance,
which the library carries). The verdict stands in the attribute `verification` and names its root, so that bronze, which
keeps every byte, can be judged anew by another. It says nothing of meaning: whose signature is good enough is SQL.
https://docs.sigstore.dev/about/bundle/  https://github.com/secure-systems-lab/dsse/blob/v1.0.0/envelope.md
https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from transforms.errors import ConfigError
from transforms.sources.base import Beside, Head, Value

if TYPE_CHECKING:  # slow to import, and verification alone needs them
    from cryptography.x509 import Certificate
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier

ROOTS = "CATCHMENT_SIGSTORE_ROOTS"
PUBLIC_ROOT = "_store/https%3A%2F%2Ftuf-repo-cdn.sigstore.dev/trusted_root.json"
"""Where the library keeps the root of the public instance, below its package."""
NOT_NOW = "nothing proves when it was signed: it carries no entry of a transparency log"
MOST = 32
"""Attestations of one record that are verified; more are refused."""
FORMS = ("attestations", "dsseEnvelope", "messageSignature", "payload", "_type")
"""What a record is known by: one of these."""
NAMES = (
    {"mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"},
    {"payload", "payloadType", "signatures"},
    {"messageDigest", "signature"},
    {"algorithm", "digest"},
)
"""What a bundle, its envelope, its signature and that one's digest may hold: the library knows other spellings, too."""
NOTHING = msgspec.Raw(b"")
REASON = 300
"""Characters of a reason: the library quotes what it was given."""


class Certified(msgspec.Struct, gc=False):
    rawBytes: str | None = None


class Chain(msgspec.Struct, gc=False):
    certificates: list[Certified] = []


class LogEntry(msgspec.Struct, gc=False):
    logIndex: Value = None
    integratedTime: Value = None


class Material(msgspec.Struct, gc=False):
    certificate: Certified | None = None
    x509CertificateChain: Chain | None = None
    tlogEntries: list[LogEntry] | None = None


class Signature(msgspec.Struct, gc=False):
    cert: str | None = None


class Envelope(msgspec.Struct, gc=False):
    payload: str | None = None
    signatures: list[Signature] | None = None


class Part(msgspec.Struct, gc=False):
    """One signed thing: a bundle, or an envelope alone."""

    mediaType: str | None = None
    verificationMaterial: Material | None = None
    dsseEnvelope: Envelope | None = None
    payload: str | None = None
    signatures: list[Signature] | None = None

    @property
    def envelope(self) -> Envelope:
        return self.dsseEnvelope or Envelope(self.payload, self.signatures)

    @property
    def entry(self) -> LogEntry:
        entries = self.verificationMaterial and self.verificationMaterial.tlogEntries
        return entries[0] if entries else LogEntry()


class Attestation(msgspec.Struct, gc=False):
    bundle: Part | None = None


class AttestationHead(Head):
    """A bundle or an envelope; npm's answer, a list of bundles about one package; or a statement that nobody signed."""

    mediaType: str | None = None
    verificationMaterial: Material | None = None
    dsseEnvelope: Envelope | None = None
    payload: str | None = None
    payloadType: str | None = None
    signatures: list[Signature] | None = None
    attestations: list[Attestation] | None = None
    type: str | None = msgspec.field(default=None, name="_type")
    predicate: msgspec.Raw = NOTHING

    @property
    def parts(self) -> list[Part]:
        if self.attestations is not None:
            return [each.bundle for each in self.attestations if each.bundle]
        return [Part(self.mediaType, self.verificationMaterial, self.dsseEnvelope, self.payload, self.signatures)]


class Times(msgspec.Struct, gc=False):
    """What a predicate calls the moment of its making: SLSA 0.2, SLSA 1, and a verification's summary."""

    buildFinishedOn: str | None = None
    finishedOn: str | None = None
    buildStartedOn: str | None = None
    startedOn: str | None = None


class Details(msgspec.Struct, gc=False):
    metadata: Times | None = None


class Predicate(msgspec.Struct, gc=False):
    metadata: Times | None = None
    runDetails: Details | None = None
    timeVerified: str | None = None


class Statement(msgspec.Struct, gc=False):
    predicate: Predicate | None = None


STATEMENT = msgspec.json.Decoder(Statement)
PREDICATE = msgspec.json.Decoder(Predicate)


def unknown(head: AttestationHead) -> str | None:
    """Why a document is none of these."""
    if head.mediaType and head.verificationMaterial:
        return None
    if head.payload or head.type or any(part.envelope.payload for part in head.parts):
        return None
    return "neither a Sigstore bundle, a DSSE envelope nor an in-toto statement"


def identity(head: AttestationHead) -> tuple[Value, ...] | None:
    """The SHA-256 of each payload, and its place in the transparency log; None where there is nothing to hash."""
    ids: list[Value] = []
    for part in head.parts:
        payload = decoded(part.envelope.payload)
        if payload is None:
            return None
        ids += [sha256(payload).hexdigest(), part.entry.logIndex]
    return tuple(ids) or None


def clock(head: AttestationHead) -> Value:
    """When it was made: as the log took it in, as the predicate says, or as the certificate begins (in this order)."""
    for part in head.parts:
        seconds = str(part.entry.integratedTime or "")
        if re.fullmatch(r"[1-9]\d{0,11}", seconds, re.ASCII):
            return int(seconds) * 1000
    for text in [bytes(head.predicate), *(decoded(part.envelope.payload) for part in head.parts)]:
        if text and (said := _told(text)):
            return said
    for part in head.parts:
        if certificate := _certificate(part):
            return certificate.not_valid_before_utc.isoformat()
    return None


def _told(text: bytes) -> str | None:
    for decode in (STATEMENT, PREDICATE):
        try:
            found = decode.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            continue
        predicate = found.predicate if isinstance(found, Statement) else found
        if predicate is None:
            continue
        times = predicate.metadata or (predicate.runDetails and predicate.runDetails.metadata) or Times()
        said = times.buildFinishedOn or times.finishedOn or times.buildStartedOn or times.startedOn
        if said := said or predicate.timeVerified:
            return said
    return None


def decoded(text: str | None) -> bytes | None:
    """Base64 of either alphabet, as protobuf's JSON allows both; None where it is none."""
    if not text:
        return None
    try:
        return (urlsafe_b64decode if "-" in text or "_" in text else b64decode)(text)
    except (ValueError, binascii.Error):
        return None


def _certificate(part: Part) -> Certificate | None:
    """The certificate of whoever signed, as it is shown; None where there is none, or none that can be read."""
    from cryptography import x509

    material = part.verificationMaterial or Material()
    chain = material.x509CertificateChain.certificates if material.x509CertificateChain else []
    shown = material.certificate or (chain[0] if chain else None)
    try:
        if shown and shown.rawBytes:
            return x509.load_der_x509_certificate(b64decode(shown.rawBytes))
        pem = (part.envelope.signatures or [Signature()])[0].cert
        return x509.load_pem_x509_certificate(pem.encode()) if pem else None
    except (ValueError, IndexError, x509.InvalidVersion):
        return None


# ---------------------------------------------------------------------------------------------------- verification


def vouch(record: bytes, beside: Beside) -> Mapping[str, Any]:
    """The attribute `verification`: whether every signature of a record holds, by which root, and who signed.

    `state` is verified; rejected, where something contradicts it; or unproven, where there is nothing to prove it by.
    `reason` says why not. `root` is the SHA-256 of the file of trusted roots, of all that were tried where none
    sufficed. The rest is what the (first) certificate and log entry say, whatever the state.

    Raises ConfigError for a root that cannot be read.
    """
    try:
        head = msgspec.json.decode(record, type=AttestationHead)
        bodies = _bodies(record, head)
        twofold = _twofold(record)
    except (msgspec.MsgspecError, RecursionError, ValueError, AttributeError, TypeError):  # no such document
        return {}
    roots = trusted_roots(beside.settings.environment)
    if twofold:
        every = " ".join(sha256(root).hexdigest() for root in roots)
        return {"verification": {"state": "rejected", "reason": twofold, "root": every, **_signer(head.parts)}}
    states = [_judge(part, body, roots) for part, body in zip(head.parts[:MOST], bodies[:MOST], strict=True)]
    if len(bodies) > MOST:
        states.append(("rejected", f"more than {MOST} attestations", ""))
    worst = min(states, key=lambda each: ("rejected", "unproven", "verified").index(each[0]), default=None)
    if worst is None:
        return {}
    state, reason, root = worst
    said = {"state": state, "reason": reason[:REASON] or None, "root": root, **_signer(head.parts)}
    return {"verification": {key: value for key, value in said.items() if value is not None}}


def _twofold(record: bytes) -> str | None:
    """Why a document could be read in two ways: what is verified here must be what SQL reads; None where it cannot."""
    twice: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.append("a name stands twice in one object")
        return found

    document = json.loads(record, object_pairs_hook=unique)
    listed = document.get("attestations")
    bundles = [document] if listed is None else [each.get("bundle") for each in listed]
    if twice or sum(document.get(form) is not None for form in FORMS) > 1:
        return twice[0] if twice else "it is several things at once"
    for bundle in bundles:
        if not isinstance(bundle, dict) or "mediaType" not in bundle:
            continue
        message = bundle.get("messageSignature")
        parts = (bundle, bundle.get("dsseEnvelope"), message, message and message.get("messageDigest"))
        if bundle.get("dsseEnvelope") is not None and message is not None:
            return "it is several things at once"
        if any(part and not set(part) <= names for part, names in zip(parts, NAMES, strict=True)):
            return "it says more than a bundle does"
    return None


def _bodies(record: bytes, head: AttestationHead) -> list[bytes]:
    """The bytes of each part."""
    if head.attestations is None:
        return [record]
    listed = msgspec.json.decode(record, type=dict[str, msgspec.Raw])["attestations"]
    each = msgspec.json.decode(listed, type=list[dict[str, msgspec.Raw]])
    return [
        bytes(one["bundle"]) for one, known in zip(each, head.attestations, strict=True) if known.bundle is not None
    ]


def trusted_roots(environment: Mapping[str, str]) -> list[bytes]:
    """The configured trusted roots. Raises ConfigError for one that cannot be read."""
    named = environment.get(ROOTS, "").split()
    if not named:
        return [_public_root()]
    try:
        return [Path(path).read_bytes() for path in named]
    except OSError as error:
        raise ConfigError(f"{ROOTS}: {error}") from error


@lru_cache(maxsize=1)
def _public_root() -> bytes:
    import sigstore

    return (Path(sigstore.__file__).parent / PUBLIC_ROOT).read_bytes()


@lru_cache(maxsize=8)
def _verifier(root: bytes) -> tuple[Verifier, TrustedRoot]:
    """Raises ConfigError for what is no trusted root."""
    from sigstore.errors import Error
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier
    from sigstore_models.trustroot.v1 import TrustedRoot as Described

    try:
        trusted = TrustedRoot(Described.from_json(root))
        return Verifier(trusted_root=trusted), trusted
    except (Error, ValueError) as error:
        raise ConfigError(f"{ROOTS}: no trusted root: {str(error)[:REASON]}") from error


def _judge(part: Part, body: bytes, roots: Sequence[bytes]) -> tuple[str, str, str]:
    """(state, reason, root) of one signed thing: the first root that it verifies by, or why it does by none."""
    hashes = [sha256(root).hexdigest() for root in roots]
    every = " ".join(hashes)
    if part.mediaType is None:
        return "unproven", NOT_NOW if part.envelope.signatures else "nobody signed it", every
    material = part.verificationMaterial or Material()
    if not material.certificate and not material.x509CertificateChain:
        return "unproven", "signed with a key alone, which no trusted root knows", every
    reasons = []
    for root, name in zip(roots, hashes, strict=True):
        reason = _broken(part, body, root)
        if reason is None:
            return "verified", "", name
        reasons.append(reason)
    return "rejected", reasons[0], every


class Anyone:
    """The library's policy on who may sign: that is decided in SQL, beside what was signed."""

    def verify(self, cert: Certificate) -> None:
        """Let every signer pass."""


ANYONE = Anyone()


def _broken(part: Part, body: bytes, root: bytes) -> str | None:
    """Why a bundle does not verify by a root; None where it does."""
    from sigstore.hashes import Hashed
    from sigstore.models import Bundle

    verifier, trusted = _verifier(root)
    try:
        if _is_intoto(body):
            _verify_intoto(body, verifier, trusted)
            return None
        bundle = Bundle.from_json(body)
        message = bundle._inner.message_signature
        if message is None:
            _, payload = verifier.verify_dsse(bundle, ANYONE)
            if payload != decoded(part.envelope.payload):
                return "what was signed is not what it shows"
        elif message.message_digest is None:
            return "it does not name the digest of what was signed"
        else:
            digest = message.message_digest
            verifier.verify_artifact(Hashed(algorithm=digest.algorithm, digest=digest.digest), bundle, ANYONE)
    except Exception as error:  # hostile bytes reach its inner parts: what these stumble over has not verified
        return " ".join(str(error).split()) or type(error).__name__
    return None


class KindVersion(msgspec.Struct, gc=False):
    kind: str = ""
    version: str = ""


class KeyId(msgspec.Struct, gc=False):
    keyId: str


class Promise(msgspec.Struct, gc=False):
    signedEntryTimestamp: str


class IntotoEntry(msgspec.Struct, gc=False):
    """An entry of kind intoto, as a bundle holds it."""

    logIndex: int | str
    logId: KeyId
    kindVersion: KindVersion
    integratedTime: int | str
    canonicalizedBody: str
    inclusionPromise: Promise
    inclusionProof: msgspec.Raw = NOTHING


class Kinds(msgspec.Struct, gc=False):
    kindVersion: KindVersion = msgspec.field(default_factory=KindVersion)


class EntriesOf(msgspec.Struct, gc=False):
    tlogEntries: list[Kinds] = []


class Kinded(msgspec.Struct, gc=False):
    verificationMaterial: EntriesOf


class Stamped(msgspec.Struct, gc=False):
    rfc3161Timestamps: list[msgspec.Raw] | None = None


class IntotoMaterial(msgspec.Struct, gc=False):
    x509CertificateChain: Chain
    tlogEntries: list[IntotoEntry]
    timestampVerificationData: Stamped | None = None


class IntotoBundle(msgspec.Struct, gc=False):
    mediaType: str
    verificationMaterial: IntotoMaterial
    dsseEnvelope: msgspec.Raw


class LoggedSignature(msgspec.Struct, gc=False):
    publicKey: str
    sig: str


class LoggedEnvelope(msgspec.Struct, gc=False):
    signatures: list[LoggedSignature]


class LoggedHash(msgspec.Struct, gc=False):
    algorithm: str
    value: str


class LoggedContent(msgspec.Struct, gc=False):
    envelope: LoggedEnvelope
    payloadHash: LoggedHash


class LoggedSpec(msgspec.Struct, gc=False):
    content: LoggedContent


class Logged(msgspec.Struct, gc=False):
    """What Rekor keeps of an intoto entry 0.0.2: the payload's hash, and each signature with its certificate."""

    spec: LoggedSpec


def _is_intoto(body: bytes) -> bool:
    try:
        found = msgspec.json.decode(body, type=Kinded)
    except msgspec.MsgspecError:
        return False
    entries = found.verificationMaterial.tlogEntries
    return [entry.kindVersion.kind for entry in entries] == ["intoto"]


def _verify_intoto(body: bytes, verifier: Verifier, trusted: TrustedRoot) -> None:
    """Verify a bundle whose log entry is of kind intoto, which sigstore-python reads but does not judge.

    SLSA's generators and npm wrote such bundles until 2024. The steps are the library's own, by its own parts: when
    (the log's signed promise, which bundles of version 0.1 may have alone), certificate chain, certificate transparency
    log, proof of inclusion, signature, and that the entry is about this envelope.
    Raises sigstore's Error or ValueError for what does not hold.
    """
    import rfc8785
    from cryptography import x509
    from sigstore import dsse
    from sigstore._internal.sct import verify_sct
    from sigstore._internal.timestamp import TimestampSource, TimestampVerificationResult
    from sigstore._internal.trust import KeyringPurpose
    from sigstore._utils import KeyID
    from sigstore.errors import VerificationError
    from sigstore.models import Bundle

    bundle = msgspec.json.decode(body, type=IntotoBundle)
    material = bundle.verificationMaterial
    entry = material.tlogEntries[0]
    if material.timestampVerificationData and material.timestampVerificationData.rfc3161Timestamps:
        raise VerificationError("a signed timestamp beside an intoto entry is not supported")
    if entry.kindVersion.version != "0.0.2":
        raise VerificationError(f"an intoto entry of version {entry.kindVersion.version} does not hold the signature")
    keyring = trusted.rekor_keyring(KeyringPurpose.VERIFY)
    promised: dict[str, Any] = {
        "body": entry.canonicalizedBody,
        "integratedTime": int(entry.integratedTime),
        "logID": b64decode(entry.logId.keyId).hex(),
        "logIndex": int(entry.logIndex),
    }
    keyring.verify(
        key_id=KeyID(b64decode(entry.logId.keyId)),
        signature=b64decode(entry.inclusionPromise.signedEntryTimestamp),
        data=rfc8785.dumps(promised),
    )
    if bytes(entry.inclusionProof) not in (b"", b"null") or not bundle.mediaType.endswith("version=0.1"):
        Bundle.from_json(body).log_entry._verify(keyring)
    shown = material.x509CertificateChain.certificates[0].rawBytes or ""
    certificate = x509.load_der_x509_certificate(b64decode(shown))
    logged_at = datetime.fromtimestamp(int(entry.integratedTime), UTC)
    when = TimestampVerificationResult(source=TimestampSource.TRANSPARENCY_SERVICE, time=logged_at)
    chain = verifier._verify_chain_at_time(certificate, when)
    verify_sct(certificate, chain, trusted.ct_keyring(KeyringPurpose.VERIFY))
    _may_sign(certificate)
    if not certificate.not_valid_before_utc <= when.time <= certificate.not_valid_after_utc:
        raise VerificationError("the certificate was not valid when it signed")
    envelope = dsse.Envelope._from_json(bytes(bundle.dsseEnvelope))
    dsse._verify(certificate.public_key(), envelope)  # type: ignore[arg-type]
    _is_about(b64decode(entry.canonicalizedBody), envelope, certificate)


def _may_sign(certificate: Certificate) -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID
    from sigstore.errors import VerificationError

    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if not usage.digital_signature or ExtendedKeyUsageOID.CODE_SIGNING not in purposes:
        raise VerificationError("the certificate is not for signing code")


def _is_about(body: bytes, envelope: Any, certificate: Certificate) -> None:
    """Hold the log's entry against the envelope: one's proof of inclusion proves nothing about another."""
    from cryptography import x509
    from sigstore.errors import VerificationError

    content = msgspec.json.decode(body, type=Logged).spec.content
    if (content.payloadHash.algorithm, content.payloadHash.value) != (
        "sha256",
        sha256(envelope._inner.payload).hexdigest(),
    ):
        raise VerificationError("the log's entry is about another payload")
    (logged,) = content.envelope.signatures
    if b64decode(b64decode(logged.sig)) != envelope.signature:
        raise VerificationError("the log's entry holds another signature")
    if x509.load_pem_x509_certificate(b64decode(logged.publicKey)) != certificate:
        raise VerificationError("the log's entry holds another certificate")


# ------------------------------------------------------------------------------------------- what a certificate says

SAYS = {
    "issuer": ("1.3.6.1.4.1.57264.1.8", "1.3.6.1.4.1.57264.1.1"),
    "repository": ("1.3.6.1.4.1.57264.1.12", "1.3.6.1.4.1.57264.1.5"),
    "ref": ("1.3.6.1.4.1.57264.1.14", "1.3.6.1.4.1.57264.1.6"),
    "commit": ("1.3.6.1.4.1.57264.1.13", "1.3.6.1.4.1.57264.1.3"),
    "workflow": ("1.3.6.1.4.1.57264.1.18", "1.3.6.1.4.1.57264.1.4"),
    "trigger": ("1.3.6.1.4.1.57264.1.20", "1.3.6.1.4.1.57264.1.2"),
    "run": ("1.3.6.1.4.1.57264.1.21",),
}
"""Fulcio's extensions: as it writes them since 2023 (DER texts), and as before (plain bytes)."""
PLAIN = {f"1.3.6.1.4.1.57264.1.{number}" for number in range(1, 7)}


def _signer(parts: Sequence[Part]) -> dict[str, Any]:
    """What the first certificate and its log entry say."""
    for part in parts:
        certificate = _certificate(part)
        if certificate is None:
            continue
        extensions = {each.oid.dotted_string: each.value for each in _extensions(certificate)}
        said: dict[str, Any] = {"identity": _subject(certificate)}
        for name, oids in SAYS.items():
            texts = (_text(oid, extensions[oid].value) for oid in oids if hasattr(extensions.get(oid), "value"))
            said[name] = next((text for text in texts if text), None)
        entry = part.entry
        said["log_index"] = None if entry.logIndex is None else str(entry.logIndex)
        said["integrated_time"] = None if not entry.integratedTime else str(entry.integratedTime)
        return said
    return {}


def _extensions(certificate: Certificate) -> Any:
    from cryptography import x509

    try:
        return certificate.extensions
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ()


def _subject(certificate: Certificate) -> str | None:
    """The first subject alternative name: a workflow's URL, or a person's or machine's address."""
    from cryptography import x509

    for extension in _extensions(certificate):
        if isinstance(extension.value, x509.SubjectAlternativeName):
            return next((str(name.value) for name in extension.value), None)
    return None


def _text(oid: str, value: bytes) -> str | None:
    """The text of an extension; None where it is none."""
    if oid not in PLAIN:  # DER: tag of a UTF8String, length (short, or in one or two bytes), text
        long = {0x81: 3, 0x82: 4}.get(value[1] if len(value) > 1 else 0, 2)
        value = value[long:] if value[:1] == b"\x0c" else b""
    return value.decode("utf-8", "replace") or None
