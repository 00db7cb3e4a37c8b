"""Lines of a collector of webhooks: whose signature holds, and when it happened."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest

from transforms.errors import ConfigError
from transforms.settings import Settings
from transforms.sources import github_actions, github_api
from transforms.sources.base import Beside, Source
from transforms.sources.collected import header
from transforms.sources.github_signature import SECRETS, vouch
from transforms.sources.github_webhook import WebhookHead, clock

BODY = b'{"action":"opened","number":7}'
OLD, NEW = "an old secret of it", "a newer secret"
KEYS = f"{OLD.replace(' ', '-')} {NEW.replace(' ', '-')}"


def beside(secrets: str | None) -> Beside:
    environment = {} if secrets is None else {SECRETS: secrets}
    return Beside(None, None, Settings.from_env(environment, lake="lake"))  # type: ignore[arg-type]


def line(body: bytes, secret: str | None, name: str = "X-Hub-Signature-256") -> bytes:
    mac = None if secret is None else "sha256=" + hmac.digest(secret.encode(), BODY, hashlib.sha256).hex()
    headers = json.dumps({"X-GitHub-Event": "pull_request", **({} if mac is None else {name: mac})})
    return b'{"received_at":"2026-03-02T10:00:00Z","headers":' + headers.encode() + b',"body":' + body + b"}"


@pytest.mark.parametrize("body", [BODY, json.dumps(BODY.decode()).encode()], ids=["json", "text"])
@pytest.mark.parametrize(
    ("secret", "verdict"),
    [(OLD.replace(" ", "-"), "valid"), (NEW.replace(" ", "-"), "valid"), ("another", "invalid"), (None, "absent")],
)
def test_a_signature_is_that_of_a_configured_secret(body: bytes, secret: str | None, verdict: str) -> None:
    assert vouch(line(body, secret), beside(KEYS)) == {"signature": verdict}


def test_a_body_that_was_touched_is_not_signed() -> None:
    touched = line(BODY, NEW.replace(" ", "-")).replace(b'"number":7', b'"number":8')
    assert vouch(touched, beside(KEYS)) == {"signature": "invalid"}


def test_names_of_headers_are_told_apart_without_regard_to_case() -> None:
    assert vouch(line(BODY, NEW.replace(" ", "-"), "x-HUB-signature-256"), beside(KEYS)) == {"signature": "valid"}
    assert header({"A": ["1", "2"], "b": 3, "C": ""}, "a") == "2"
    assert header({"b": 3}, "b") is header({"C": ""}, "c") is header(None, "c") is None


@pytest.mark.parametrize(
    "record",
    [
        b"{",
        b'{"headers":{},"body":"\\ud800"}',
        b"[" * 3000,
        b'{"body":{}}',
        b"{}",
        b'{"headers":{"a":"\xe9"},"body":1}',
    ],
)
def test_what_cannot_be_read_is_not_signed(record: bytes) -> None:
    assert vouch(record, beside(KEYS)) == {"signature": "absent"}


@pytest.mark.parametrize("source", [github_actions.SOURCE, github_api.SOURCE], ids=lambda source: source.name)
def test_a_webhook_beside_what_the_api_told_is_judged_as_well(source: Source) -> None:
    assert source.vouch is not None
    assert source.vouch(line(BODY, NEW.replace(" ", "-")), beside(KEYS)) == {"signature": "valid"}
    assert source.vouch(line(BODY, "another"), beside(KEYS)) == {"signature": "invalid"}
    assert source.vouch(line(BODY, None), beside(KEYS)) == {"signature": "absent"}
    assert source.vouch(line(BODY, None), beside(None)) == {}
    for told in (b'{"id":91,"node_id":"WFR_91"}', b"{", b"[" * 3000):
        assert source.vouch(told, beside(KEYS)) == {}


def test_without_a_secret_nothing_is_said() -> None:
    assert vouch(line(BODY, None), beside(None)) == {}


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigError, match="8"):
        vouch(line(BODY, None), beside("short"))


def at(sent: dict[str, Any], **around: Any) -> Any:
    return clock(msgspec.json.decode(json.dumps({"headers": {}, "body": sent, **around}).encode(), type=WebhookHead))


def test_the_time_is_what_the_event_has_just_set() -> None:
    received = "2026-03-02T10:00:09Z"
    change = {"updated_at": "2026-03-02T10:00:00Z", "created_at": "2026-01-01T00:00:00Z"}
    assert at({"action": "closed", "pull_request": change}, received_at=received) == change["updated_at"]
    assert at({"action": "deleted", "rule": change}, received_at=received) == received
    push = {"pusher": {}, "commits": [], "repository": {"pushed_at": 1772445600}}
    assert at(push, received_at=received) == 1772445600000
    job = {"created_at": "2026-03-02T10:00:00Z", "started_at": "2026-03-02T10:00:04Z", "completed_at": None}
    assert at({"action": "in_progress", "workflow_job": job}, received_at=received) == job["started_at"]
    assert at({"action": "created"}, received_at=received) == received
    assert (
        clock(msgspec.json.decode(json.dumps({"pull_request": change}).encode(), type=WebhookHead))
        == (change["updated_at"])
    )
    assert clock(msgspec.json.decode(b'{"action":"created"}', type=WebhookHead)) is None
