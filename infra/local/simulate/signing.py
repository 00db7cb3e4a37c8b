"""A Sigstore instance of the organisation's own: certificate authority, certificate transparency log and signature log.

Keys, certificates and signatures follow from the seed (RFC 6979), so that the same arguments sign the same bytes. Its
trusted root verifies what it signed, and nothing else does: these are real signatures of an instance that nobody runs.
https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
"""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # slow to import, and large: a run without signatures does without
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

ISSUER = "https://token.actions.githubusercontent.com"
LOG = "rekor.example.com"
LIFE = timedelta(minutes=10)
"""How long Fulcio's certificates are valid."""
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
ENDS = datetime(2050, 1, 1, tzinfo=UTC)
FULCIO = "1.3.6.1.4.1.57264.1"
SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
STATEMENT = "application/vnd.in-toto+json"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256: private keys are below it."""


class Workflow(NamedTuple):
    """Who signs: a run of a workflow."""

    identity: str
    """URL of the workflow that signs, with its ref."""
    repository: str
    """owner/name"""
    ref: str
    commit: str
    workflow: str
    """URL of the workflow that was started, with its ref."""
    trigger: str
    run: str
    """URL of the run's attempt."""


class Instance:
    """One instance; `name` is what its keys follow from."""

    def __init__(self, name: str):
        self._name = name

    def _key(self, purpose: str) -> EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        number = int.from_bytes(sha256(f"{self._name}/{purpose}".encode()).digest())
        return ec.derive_private_key(number % (ORDER - 1) + 1, ec.SECP256R1())

    @cached_property
    def _authority(self) -> tuple[EllipticCurvePrivateKey, Certificate]:
        from cryptography import x509

        key = self._key("authority")
        builder = self._certificate("sigstore", key.public_key(), 1, BEGAN, ENDS)
        usage = self._usage(key_cert_sign=True, crl_sign=True)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(usage, critical=True)
        subject = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return key, self._signed(builder.add_extension(subject, critical=False), key)

    @cached_property
    def _log_key(self) -> EllipticCurvePrivateKey:
        return self._key("log")

    @cached_property
    def _transparency_key(self) -> EllipticCurvePrivateKey:
        return self._key("transparency")

    def trusted_root(self) -> bytes:
        """Return the file `trusted_root.json` of this instance."""
        log, transparency = (_log(key, f"https://{LOG}") for key in (self._log_key, self._transparency_key))
        authority = {
            "subject": {"organization": "example.com", "commonName": "sigstore"},
            "uri": "https://fulcio.example.com",
            "certChain": {"certificates": [{"rawBytes": _base64(_der(self._authority[1]))}]},
            "validFor": {"start": _time(BEGAN), "end": _time(ENDS)},
        }
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log],
            "certificateAuthorities": [authority],
            "ctlogs": [transparency],
            "timestampAuthorities": [],
        }
        return json.dumps(root, indent=1).encode() + b"\n"

    def attest(self, statement: dict[str, Any], by: Workflow, at_s: int, index: int, *, kind: str = "dsse") -> Any:
        """Return the bundle of a statement, signed at `at_s` (epoch seconds) and logged at `index`.

        `kind` is that of the log's entry: `dsse` in a bundle of version 0.3, or `intoto` in one of version 0.1, which
        has the log's promise alone.
        """
        payload = json.dumps(statement, separators=(",", ":")).encode()
        key = self._key(f"signer/{by.run}/{index}")
        certificate = self.certify(key, by, at_s, index)
        signature = sign(key, b"DSSEv1 %d %s %d %s" % (len(STATEMENT), STATEMENT.encode(), len(payload), payload))
        envelope = {
            "payload": _base64(payload),
            "payloadType": STATEMENT,
            "signatures": [{"sig": _base64(signature)}],
        }
        pem, hashed = _base64(_pem(certificate)), {"algorithm": "sha256", "value": sha256(payload).hexdigest()}
        if kind == "intoto":
            logged = [{"publicKey": pem, "sig": _base64(_base64(signature).encode())}]
            content = {"envelope": {"payloadType": STATEMENT, "signatures": logged}, "payloadHash": hashed}
            body = {"apiVersion": "0.0.2", "kind": kind, "spec": {"content": content}}
        else:
            logged = [{"signature": _base64(signature), "verifier": pem}]
            of_envelope = {"algorithm": "sha256", "value": sha256(json.dumps(envelope).encode()).hexdigest()}
            spec = {"envelopeHash": of_envelope, "payloadHash": hashed, "signatures": logged}
            body = {"apiVersion": "0.0.1", "kind": kind, "spec": spec}
        return self._bundle(certificate, body, at_s, index, {"dsseEnvelope": envelope})

    def sign_digest(self, digest: bytes, by: Workflow, at_s: int, index: int) -> Any:
        """Return the bundle of an artifact with this SHA-256."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        key = self._key(f"signer/{by.run}/{index}")
        certificate = self.certify(key, by, at_s, index)
        signature = key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()), deterministic_signing=True))
        spec = {
            "data": {"hash": {"algorithm": "sha256", "value": digest.hex()}},
            "signature": {"content": _base64(signature), "publicKey": {"content": _base64(_pem(certificate))}},
        }
        body = {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec}
        message = {
            "messageDigest": {"algorithm": "SHA2_256", "digest": _base64(digest)},
            "signature": _base64(signature),
        }
        return self._bundle(certificate, body, at_s, index, {"messageSignature": message})

    def _bundle(
        self, certificate: Certificate, body: dict[str, Any], at_s: int, index: int, content: dict[str, Any]
    ) -> Any:
        text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        identity = _key_id(self._log_key)
        promised = {"body": _base64(text), "integratedTime": at_s, "logID": identity.hex(), "logIndex": index}
        promise = sign(self._log_key, json.dumps(promised, sort_keys=True, separators=(",", ":")).encode())
        entry: dict[str, Any] = {
            "logIndex": str(index),
            "logId": {"keyId": _base64(identity)},
            "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
            "integratedTime": str(at_s),
            "inclusionPromise": {"signedEntryTimestamp": _base64(promise)},
            "canonicalizedBody": _base64(text),
        }
        shown = {"rawBytes": _base64(_der(certificate))}
        if body["kind"] == "intoto":
            material = {"x509CertificateChain": {"certificates": [shown]}, "tlogEntries": [entry]}
            kind = "application/vnd.dev.sigstore.bundle+json;version=0.1"
            return {"mediaType": kind, "verificationMaterial": material, **content}
        # each entry is a tree of its own: its leaf is its root
        root = sha256(b"\x00" + text).digest()
        note = f"{LOG} - 1\n1\n{_base64(root)}\n"
        checkpoint = f"{note}\n\u2014 {LOG} {_base64(identity[:4] + sign(self._log_key, note.encode()))}\n"
        entry["inclusionProof"] = {
            "logIndex": "0",
            "rootHash": _base64(root),
            "treeSize": "1",
            "hashes": [],
            "checkpoint": {"envelope": checkpoint},
        }
        material = {"certificate": shown, "tlogEntries": [entry]}
        return {"mediaType": BUNDLE, "verificationMaterial": material, **content}

    def certify(self, key: EllipticCurvePrivateKey, by: Workflow, at_s: int, index: int) -> Certificate:
        """Return the certificate of a run, valid from `at_s` (epoch seconds) on."""
        from cryptography import x509

        begins = datetime.fromtimestamp(at_s, UTC)
        builder = self._certificate("", key.public_key(), index + 2, begins, begins + LIFE)
        builder = builder.add_extension(self._usage(digital_signature=True), critical=True)
        purpose = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CODE_SIGNING])
        builder = builder.add_extension(purpose, critical=False)
        name = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(by.identity)])
        builder = builder.add_extension(name, critical=True)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._authority[0].public_key())
        builder = builder.add_extension(identifier, critical=False)
        source = f"https://github.com/{by.repository}"
        told = {8: ISSUER, 12: source, 13: by.commit, 14: by.ref, 18: by.workflow, 20: by.trigger, 21: by.run}
        for number, text in told.items():
            oid = x509.ObjectIdentifier(f"{FULCIO}.{number}")
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, _utf8(text)), critical=False)
        unlogged = self._signed(builder, self._authority[0])
        list_ = self._timestamp(unlogged, at_s * 1000)
        oid = x509.ObjectIdentifier(SCT_LIST)
        logged = builder.add_extension(x509.UnrecognizedExtension(oid, list_), critical=False)
        return self._signed(logged, self._authority[0])

    def _timestamp(self, certificate: Certificate, at_ms: int) -> bytes:
        """Return the list of one signed certificate timestamp (RFC 6962, 3.2)."""
        tbs, issuer = certificate.tbs_certificate_bytes, sha256(_public(self._authority[0])).digest()
        head = struct.pack("!BBQH", 0, 0, at_ms, 1)
        signature = sign(self._transparency_key, head + issuer + len(tbs).to_bytes(3) + tbs + b"\0\0")
        told = b"\0" + _key_id(self._transparency_key) + struct.pack("!QH", at_ms, 0) + b"\x04\x03"
        told += len(signature).to_bytes(2) + signature
        listed = len(told).to_bytes(2) + told
        return _tagged(0x04, len(listed).to_bytes(2) + listed)

    @staticmethod
    def _usage(**given: bool) -> Any:
        from cryptography import x509

        names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        every = dict.fromkeys((*names, "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
        return x509.KeyUsage(**(every | given))

    @staticmethod
    def _certificate(name: str, key: Any, number: int, begins: datetime, ends: datetime) -> Any:
        from cryptography import x509

        named = [x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "example.com")]
        issuer = [*named, x509.NameAttribute(x509.NameOID.COMMON_NAME, "sigstore")]
        builder = (
            x509.CertificateBuilder().issuer_name(x509.Name(issuer)).subject_name(x509.Name(issuer if name else []))
        )
        return builder.public_key(key).serial_number(number).not_valid_before(begins).not_valid_after(ends)

    @staticmethod
    def _signed(builder: Any, key: EllipticCurvePrivateKey) -> Certificate:
        from cryptography.hazmat.primitives import hashes

        certificate: Certificate = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
        return certificate


def sign(key: EllipticCurvePrivateKey, data: bytes) -> bytes:
    """Return the signature of these bytes that this key always gives."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def _log(key: EllipticCurvePrivateKey, url: str) -> dict[str, Any]:
    described = {
        "rawBytes": _base64(_public(key)),
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": {"start": _time(BEGAN)},
    }
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": described,
        "logId": {"keyId": _base64(_key_id(key))},
    }


def _public(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def _key_id(key: EllipticCurvePrivateKey) -> bytes:
    return sha256(_public(key)).digest()


def _der(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.DER)


def _pem(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM)


def _utf8(text: str) -> bytes:
    return _tagged(0x0C, text.encode())


def _tagged(tag: int, value: bytes) -> bytes:
    """Return a value in DER; up to 65,535 bytes."""
    size = len(value)
    length = bytes([size]) if size < 0x80 else bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + value


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
