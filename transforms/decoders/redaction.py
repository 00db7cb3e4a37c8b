"""Secrets out of a source's records, before anything of them is written: each is replaced by its keyed hash.

A secret scanner's report holds what it warns of. Its declaration names the fields (`Redaction`); landing hands every
record, every piece that is none, and every page of an API through one `Redactor`. The lake then tells two findings of
one secret as such, and nobody can read the secret out of it, or guess it: the hash is an HMAC (RFC 2104), whose key is
not in the lake. A plain SHA-256 of a short password is found by trying.

Pure: bytes in, bytes out. What is written is the record in JSON again, its members in the order that they came in.
"""

from __future__ import annotations

import json
import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from transforms.errors import ConfigError
from transforms.lake.records import Bad, Chunk, Raw

DELIVERED = "delivered_hmac_sha256"
"""The attribute that holds the keyed hash of a record as it was delivered: the proof of bytes that are not kept."""
MARK = "hmac-sha256:"
REMOVED = "redacted"
"""What stands for a secret where no key is configured, and for the text around one."""
HIDDEN = re.compile(rf"{MARK}[0-9a-f]{{64}}|{REMOVED}", re.ASCII)
SHORTEST = 6
"""Characters of a secret that is looked for in the other fields too; a shorter one is in half of all words."""
LOOKED_THROUGH = 1 << 30
"""Bytes that secrets are looked for in, all of one record's together: hostile ones would cost their square."""
REPLACED = re.compile(rb'"hmac-sha256:[0-9a-f]{64}"')
SHORTEST_KEY = 32
BLOCK = 64
"""Bytes that SHA-256 works on at once."""
NAMES = 4096
"""Names of members that are remembered; hostile ones are without end."""
USERINFO = re.compile(r"(?<=://)[^/\s\"'<>?#@]+(?=@)")
USERINFO_BYTES = re.compile(rb"://[^/\s\"'<>?#@]+@")
QUOTED = re.compile(r"(['\"`]).*\1", re.DOTALL)
OPENS = ("{", "[", '"', " ", "\t", "\r", "\n")
"""What JSON may begin with."""
URL_SAFE = bytes.maketrans(b"+/", b"-_")
SAFE = re.compile(r"[\w.~-]*", re.ASCII)

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """Which members of a record hold secrets, by name at any depth and in any case; all text below them does.

    secrets: their values are secrets, and are looked for in the record's other texts too (also as base64, in a URL, in
    JSON within JSON). around: text that a secret stands in, and perhaps others beside it: none of it is kept, not even
    a hash.
    What a URL holds before its host (`https://user:password@host`) is replaced in every text of the record.
    """

    secrets: tuple[str, ...]
    around: tuple[str, ...] = ()


class TooMany(ValueError):
    """A record holds more secrets than can be looked for in its other texts."""


class _Names(dict[str, bool | None]):
    """By a member's name whether its value is a secret (True), surrounds one (False), or neither (None)."""

    def __init__(self, redaction: Redaction) -> None:
        self.declared = {name.lower(): False for name in redaction.around}
        self.declared |= {name.lower(): True for name in redaction.secrets}

    def __missing__(self, name: str) -> bool | None:
        found = self.declared.get(name.lower())
        if len(self) < NAMES:
            self[name] = found
        return found


class Redactor:
    """Redacts what one source delivers. `key` is None where none is configured: then nothing tells secrets apart."""

    def __init__(self, redaction: Redaction, key: bytes | None) -> None:
        if key is not None and len(key) < SHORTEST_KEY:
            raise ConfigError(f"the redaction key has {len(key)} bytes: give it {SHORTEST_KEY} at least")
        self.names = _Names(redaction)
        self.has_key = key is not None
        block = (key or b"") if len(key or b"") <= BLOCK else sha256(key or b"").digest()
        block = block.ljust(BLOCK, b"\0")
        self.inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self.outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def hmac(self, data: bytes | memoryview) -> str:
        """HMAC-SHA-256 in hexadecimal digits. The key is worked in once: the library does it in every call."""
        inner, outer = self.inner.copy(), self.outer.copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.hexdigest()

    def token(self, text: str) -> str:
        """What stands for a secret in the lake."""
        return MARK + self.hmac(text.encode("utf-8", "surrogatepass")) if self.has_key else REMOVED

    def record(self, raw: Raw) -> bytes:
        """A JSON text without its secrets; the same again where it has none any more.

        Raises msgspec.DecodeError or RecursionError where it is no JSON, TooMany where it holds too many secrets.
        """
        value = _decode(raw)
        found: set[str] = set()
        value = self._without(value, found)
        text = _encode(value)
        forms: dict[str, str] = {}
        others = REPLACED.sub(b"", text) if found else text
        if len(found) * len(others) > LOOKED_THROUGH:
            raise TooMany(f"{len(found)} secrets in one record: too many to be looked for in its other texts")
        for secret in found:
            if len(secret) >= SHORTEST and (held := _held(secret, others)):
                forms |= dict.fromkeys(held, self.token(secret))
        if forms or USERINFO_BYTES.search(text):
            longest_first = sorted(forms, key=len, reverse=True)
            pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None
            return _encode(self._scrubbed(value, pattern, forms))
        return text

    def chunk(self, chunk: Chunk) -> Chunk:
        """A chunk whose records hold no secrets, each with the keyed hash of how it came; bad pieces hold nothing."""
        kept: list[tuple[int, bytes, dict[str, Any] | None]] = []
        bad = list(chunk.bad)
        for number, raw, said in zip(chunk.numbers, chunk.records, chunk.said, strict=True):
            try:
                text = self.record(raw)
            except (msgspec.DecodeError, RecursionError, UnicodeError, TooMany) as error:
                reason = "nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}"
                reason = str(error) if isinstance(error, TooMany) else reason
                bad.append(Bad(number, bytes(raw), reason, len(memoryview(raw)), said))
            else:
                kept.append((number, text, self._proof(raw, said)))
        return replace(
            chunk,
            numbers=[number for number, _, _ in kept],
            records=[text for _, text, _ in kept],
            attributes=[said for _, _, said in kept],
            bad=self.bad(bad),
        )

    def bad(self, bad: Sequence[Bad]) -> list[Bad]:
        """Pieces that are no records, without their bytes: their keyed hash, their length and the reason are left."""
        return [
            replace(
                piece,
                data=None,
                reason=QUOTED.sub("(redacted)", piece.reason),
                length=piece.length or len(piece.data or b""),
                attributes=piece.attributes
                if piece.data is None or DELIVERED in (piece.attributes or {})
                else self._proof(piece.data, piece.attributes),
            )
            for piece in bad
        ]

    def _proof(self, raw: Raw, said: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if not self.has_key:
            return None if said is None else dict(said)
        proof = self.hmac(memoryview(raw))
        return {**said, DELIVERED: proof} if said else {DELIVERED: proof}

    def _without(self, value: Any, found: set[str]) -> Any:
        """The value with what is declared replaced, in place; the secrets that stood there go to `found`."""
        kind = type(value)
        if kind is dict:
            names = self.names
            for name, inner in value.items():
                is_secret = names[name]
                if is_secret is not None:
                    value[name] = self._hidden(inner, found if is_secret else None)
                    continue
                kind = type(inner)
                if kind is str:
                    if inner.startswith(OPENS):
                        value[name] = self._within(inner, found)
                elif kind is dict or kind is list:
                    value[name] = self._without(inner, found)
        elif kind is list:
            for index, inner in enumerate(value):
                value[index] = self._without(inner, found)
        elif kind is str and value.startswith(OPENS):
            return self._within(value, found)
        return value

    def _within(self, text: str, found: set[str]) -> str:
        """A text that may be JSON itself: its members are looked at as the record's are."""
        try:
            inner = _decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return text
        before = _encode(inner)
        after = _encode(self._without(inner, found))
        return text if after == before else after.decode()

    def _hidden(self, value: Any, found: set[str] | None) -> Any:
        """A declared member's value: every text and number in it replaced."""
        if isinstance(value, dict):
            return {name: self._hidden(inner, found) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._hidden(inner, found) for inner in value]
        if value is None or value == "" or isinstance(value, bool):
            return value
        text = value if isinstance(value, str) else _encode(value).decode()
        if HIDDEN.fullmatch(text):
            return value
        if found is None:
            return REMOVED
        found.add(text)
        return self.token(text)

    def _scrubbed(self, value: Any, pattern: re.Pattern[str] | None, forms: Mapping[str, str]) -> Any:
        """The value without any form of the secrets that were found, and without credentials in URLs."""
        if isinstance(value, dict):
            return {
                self._scrubbed(name, pattern, forms): self._scrubbed(inner, pattern, forms)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self._scrubbed(inner, pattern, forms) for inner in value]
        if isinstance(value, str):
            if HIDDEN.fullmatch(value):
                return value
            if pattern is not None:
                value = pattern.sub(lambda match: forms[match[0]], value)
            return USERINFO.sub(self._userinfo, value)
        if value is None or isinstance(value, bool):
            return value
        return forms.get(_encode(value).decode(), value)

    def _userinfo(self, match: re.Match[str]) -> str:
        """Before a URL's host: a token, or a name and a password. `git` is the user that SSH remotes have."""
        text = match[0]
        return text if text == "git" or HIDDEN.fullmatch(text) else self.token(text)


def _held(secret: str, text: bytes) -> list[str]:
    """The forms of a secret that the JSON text holds: as it is, and as other texts would write it.

    In base64 the characters at either end are shared with what stands beside it, so they are left out.
    """
    data = secret.encode("utf-8", "surrogatepass")
    length = len(data)
    forms: list[bytes] = []
    for before in range(3):
        code = b2a_base64(b"\0" * before + data, newline=False)
        code = code[(0, 2, 3)[before] : (8 * (before + length)) // 6]
        forms.append(code)
        if b"+" in code or b"/" in code:
            forms.append(code.translate(URL_SAFE))
    if SAFE.fullmatch(secret):
        forms.append(data)
        return [form.decode() for form in forms if form in text]
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    texts = {secret, quote(data, safe=""), quote(data), quote_plus(data), *(form.decode() for form in forms)}
    texts |= escaped | {form.replace("/", "\\/") for form in escaped} | {json.dumps(form)[1:-1] for form in escaped}
    return [form for form in texts if _encode(form)[1:-1] in text]
