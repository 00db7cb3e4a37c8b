"""Secrets out of records: whole values, whatever form they have elsewhere, and nothing else of the record."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from transforms.decoders.redaction import DELIVERED, Redaction, Redactor
from transforms.errors import ConfigError
from transforms.lake.records import Bad, Chunk

KEY = b"k" * 32
REDACTION = Redaction(secrets=("secret", "Raw"), around=("Line",))
SECRET = "s3cr3t/with+signs"


def token(text: str, key: bytes = KEY) -> str:
    return "hmac-sha256:" + hmac.digest(key, text.encode(), "sha256").hex()


def redacted(value: Any, key: bytes | None = KEY) -> Any:
    return json.loads(Redactor(REDACTION, key).record(json.dumps(value).encode()))


def test_declared_members_are_replaced_at_any_depth_and_in_any_case() -> None:
    given_ = {"a": [{"SECRET": "x", "n": 1.5}], "raw": ["y", {"z": 12345678}], "line": "k = x", "id": 7, "none": None}
    assert redacted(given_) == {
        "a": [{"SECRET": token("x"), "n": 1.5}],
        "raw": [token("y"), {"z": token("12345678")}],
        "line": "redacted",
        "id": 7,
        "none": None,
    }


def test_without_a_key_nothing_tells_secrets_apart() -> None:
    assert redacted({"secret": "one", "raw": "two"}, None) == {"secret": "redacted", "raw": "redacted"}


@pytest.mark.parametrize(
    "elsewhere",
    [
        f"use {SECRET} for now",
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.urlsafe_b64encode(f"u:{SECRET}".encode()).decode(),
        base64.b64encode(SECRET.encode()).decode(),
        "https://example.com/?k=s3cr3t%2Fwith%2Bsigns",
        json.dumps({"inner": {"note": SECRET}}),
        json.dumps({"secret": "another"}),
        "\r\n " + json.dumps({"secret": "another"}),
        json.dumps(json.dumps({"secret": "another"})),
        "s3cr3t\\/with+signs",
    ],
)
def test_a_secret_is_found_in_other_texts(elsewhere: str) -> None:
    found = redacted({"secret": SECRET, "message": elsewhere, "path": "src/app.py"})
    assert found["path"] == "src/app.py"
    assert "hmac-sha256:" in found["message"]
    assert not any(
        part in found["message"] for part in ("s3cr3t", "another", base64.b64encode(SECRET.encode()).decode())
    )


def test_credentials_in_urls_are_secrets() -> None:
    found = redacted({"url": "https://user:pass@example.com/x and https://tok@example.com, ssh://git@example.com/y"})
    assert found["url"] == (
        f"https://{token('user:pass')}@example.com/x and https://{token('tok')}@example.com, ssh://git@example.com/y"
    )


def test_a_name_given_twice_hides_nothing() -> None:
    text = Redactor(REDACTION, KEY).record(b'{"secret":"first-one","secret":"second-one","\\u0073ecret":"third-one"}')
    assert b"-one" not in text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["secret", "Raw", "line", "a", "url"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_twice_is_once(value: Any) -> None:
    redactor = Redactor(REDACTION, KEY)
    once = redactor.record(json.dumps(value).encode())
    assert redactor.record(once) == once


def test_long_keys_are_worked_in_as_rfc_2104_says() -> None:
    for key in (b"k" * 32, b"k" * 64, b"k" * 200):
        assert Redactor(REDACTION, key).token("x") == token("x", key)
    with pytest.raises(ConfigError):
        Redactor(REDACTION, b"k" * 31)


def test_pieces_keep_their_proof_and_lose_their_bytes() -> None:
    redactor = Redactor(REDACTION, KEY)
    records = [b'{"secret":"abcdefgh"}', b'{"x":"\\ud800"}']
    bad = [Bad(2, b"broken abcdefgh", "not JSON: 'abcdefgh' is no value", 15)]
    chunk = redactor.chunk(Chunk(numbers=[0, 1], records=list(records), bad=bad, next_no=3))
    assert chunk.numbers == [0]
    assert isinstance(chunk.attributes, list)
    assert chunk.attributes[0] == {DELIVERED: hmac.digest(KEY, records[0], "sha256").hex()}
    assert [(b.record_no, b.data, b.length) for b in chunk.bad] == [(2, None, 15), (1, None, len(records[1]))]
    assert chunk.bad[0].attributes == {DELIVERED: hmac.digest(KEY, b"broken abcdefgh", "sha256").hex()}
    assert "abcdefgh" not in chunk.bad[0].reason


def test_many_secrets_cost_no_square() -> None:
    """A second or two, not hours; where it would be hours, the record is put aside."""
    began = time.process_time()
    secrets = [f"secret-{n:08}" for n in range(20_000)]
    found = redacted({"secret": secrets, "message": f"use {secrets[7]} for now"})
    assert found["message"] == f"use {token(secrets[7])} for now"
    record = json.dumps({"secret": secrets, "message": "x" * 100_000}).encode()
    (bad,) = Redactor(REDACTION, KEY).chunk(Chunk(numbers=[0], records=[record], next_no=1)).bad
    assert (bad.data, bad.reason[:13]) == (None, "20000 secrets")
    assert time.process_time() - began < 10
