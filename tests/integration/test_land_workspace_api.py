"""Google Workspace's activities from the Reports API into bronze and on: each once, though it lists newest first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.integration.standin import Clock
from tests.integration.workspace_server import PATH, TOKEN, Workspace
from transforms.errors import ConfigError, RetryableError
from transforms.land import land
from transforms.readers.base import ObjectStore, open_store
from transforms.readers.http import PullResult, pull
from transforms.readers.workspace import application, workspace_headers
from transforms.settings import Settings
from transforms.warehouse.query import rows
from transforms.warehouse.runner import build

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATE = timedelta(hours=4)
THROTTLED = b'{"error":{"code":403,"errors":[{"domain":"usageLimits","reason":"userRateLimitExceeded"}]}}'


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    server = Workspace()
    yield server
    server.close()
    assert server.problems == []


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path), {})


@pytest.fixture
def run(workspace: Workspace, store: ObjectStore, clock: Clock) -> Iterator[Any]:
    with httpx.Client(trust_env=False, timeout=10) as client:

        def call(**more: Any) -> PullResult:
            options = {"clock": clock, "sleep": clock.sleep, "client": client, **more}
            environment = {"GOOGLE_WORKSPACE_TOKEN": TOKEN}
            landing = f"{store.root}/landing/workspace"
            return pull(application("login", LATE), workspace.base, store, landing, environment, **options)

        yield call


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def pages(store: ObjectStore) -> list[dict[str, Any]]:
    return [json.loads(store.open(o).read()) for o in store.walk(f"{store.root}/landing/workspace/login/")]


def landed(store: ObjectStore) -> Counter[str]:
    return Counter(item["id"]["uniqueQualifier"] for page in pages(store) for item in page["body"].get("items", []))


def shown(workspace: Workspace) -> set[str]:
    return {item["id"]["uniqueQualifier"] for item in workspace.events}


def test_pages_go_back_in_time_and_the_position_goes_on(
    workspace: Workspace, store: ObjectStore, run: Any, clock: Clock
) -> None:
    workspace.add("login", *(at(-h) for h in range(1, 9)))
    assert run() == PullResult(
        pages=3, last_uri=f"{store.root}/landing/workspace/login/000000000002.json", complete=True
    )
    assert landed(store) == Counter(shown(workspace))
    assert [page["next"] is None for page in pages(store)] == [False, False, True]
    assert {tuple(page["window"]) for page in pages(store)} == {
        ("2026-02-23T12:00:00+00:00", "2026-03-02T12:00:00+00:00")
    }
    clock.now += timedelta(minutes=5)
    assert run().pages == 0
    workspace.add("login", at(0.05), at(-3.5))  # one of now, one that shows hours after it happened
    assert run().pages > 0
    assert set(landed(store)) == shown(workspace)
    workspace.requests.clear()
    assert run().pages == 0
    assert "startTime=2026-03-02T08:05:00.000Z&endTime=2026-03-02T12:05:00.000Z" in workspace.requests[0]


def test_a_page_that_holds_nothing_new_leaves_no_object(workspace: Workspace, store: ObjectStore, run: Any) -> None:
    """But for the last page of a window that has another: it says that the window is done."""
    workspace.add("login", *(at(-0.1 * n) for n in range(1, 10)))
    run()
    workspace.add("login", at(-0.01))
    assert run().pages == 2
    assert [len(page["body"]["items"]) for page in pages(store)] == [3, 3, 3, 3, 1]
    assert run().pages == 0


def test_faults_lose_nothing(workspace: Workspace, store: ObjectStore, run: Any, clock: Clock) -> None:
    workspace.add("login", *(at(-h) for h in range(1, 9)))
    workspace.faults = [
        (403, {}, THROTTLED),
        "drop",
        (429, {"Retry-After": "30"}, b""),
        lambda query: "cut" if "pageToken" in query else (503, {}, b""),
        (200, {}, b'{"error":{"code":500}}'),
        (500, {}, b""),
    ]
    assert run().complete
    assert landed(store) == Counter(shown(workspace))
    assert 30.0 in clock.slept


def test_throttled_without_end_gives_up_for_now(workspace: Workspace, run: Any) -> None:
    workspace.faults = [(403, {}, THROTTLED)] * 6
    with pytest.raises(RetryableError, match="status 403, 6 times"):
        run()


def test_a_pull_that_stopped_goes_on_within_the_window(workspace: Workspace, store: ObjectStore, run: Any) -> None:
    workspace.add("login", *(at(-h) for h in range(1, 9)))
    assert not run(max_pages=1).complete
    workspace.requests.clear()
    assert run().complete
    assert "pageToken=" in workspace.requests[0]
    assert landed(store) == Counter(shown(workspace))


def test_a_token_that_expired_begins_the_window_again(
    workspace: Workspace, store: ObjectStore, run: Any, clock: Clock
) -> None:
    workspace.add("login", *(at(-h) for h in range(1, 9)))
    run(max_pages=1)
    workspace.expire_tokens()
    clock.now += timedelta(hours=6)
    workspace.add("login", at(5))
    assert run().complete
    assert set(landed(store)) == shown(workspace)


def test_a_clock_that_ran_ahead_hides_nothing(workspace: Workspace, store: ObjectStore, run: Any, clock: Clock) -> None:
    workspace.add("login", at(-1))
    clock.now += timedelta(days=1)
    run()
    clock.now = NOW + timedelta(hours=1)
    workspace.add("login", at(0.5), at(-2))
    run()
    assert set(landed(store)) == shown(workspace)


def test_of_two_pullers_one_wins_each_page(workspace: Workspace, store: ObjectStore, run: Any) -> None:
    workspace.add("login", *(at(-0.2 * n) for n in range(1, 40)))
    with ThreadPoolExecutor(2) as threads:
        assert all(result.complete for result in threads.map(lambda _: run(), range(2)))
    assert set(landed(store)) == shown(workspace)
    assert [o.uri[-17:] for o in store.walk(f"{store.root}/landing/")] == [
        f"{n:012d}.json" for n in range(len(pages(store)))
    ]


def test_pages_that_lead_in_a_circle_end(workspace: Workspace, run: Any) -> None:
    page = json.dumps({"items": [], "nextPageToken": "again"}).encode()
    workspace.faults = [(200, {}, page)] * 3
    with pytest.raises(RetryableError, match="in a circle"):
        run()


def test_applications_land_and_one_that_is_refused_holds_up_no_other(workspace: Workspace, tmp_path: Path) -> None:
    settings = Settings.from_env({"GOOGLE_WORKSPACE_TOKEN": TOKEN}, lake=str(tmp_path / "lake"))
    workspace.add("admin", at(-1), at(-2))
    workspace.add("login", at(-1))
    workspace.forbidden = {"rules"}
    with pytest.raises(ConfigError, match="/applications/rules: the API refused the token"):
        land(settings, "google_workspace", workspace.base, clock=lambda: NOW)
    workspace.forbidden = set()
    workspace.add("rules", at(-1))
    assert land(settings, "google_workspace", workspace.base, clock=lambda: NOW).records == 1
    asked = {path.removeprefix(PATH).partition("?")[0] for path in workspace.requests}
    assert asked >= {"admin", "drive", "groups_enterprise", "login", "rules", "saml", "token", "user_accounts"}
    place = tmp_path / "export" / "page.json"
    place.parent.mkdir()
    place.write_text(json.dumps({"items": [{**workspace.events[0], "kind": "admin#reports#activity", "etag": "z"}]}))
    land(settings, "google_workspace", str(place.parent))
    built = build(settings)
    assert (built.failed, built.rows, built.duplicates, built.collisions) == ({}, 4, 1, 0)
    found = [uid for block in rows(settings, "select event_uid from bronze.google_workspace")[1] for (uid,) in block]
    assert (len(found), len(set(found))) == (5, 4)
    assert not any(TOKEN in path.read_text() for path in Path(settings.lake).rglob("*.json"))


def test_a_service_account_acts_for_an_administrator(workspace: Workspace, tmp_path: Path) -> None:
    """Its key signs what the token endpoint exchanges; what the endpoint says when it refuses is not repeated."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    workspace.certificate = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    account = {
        "type": "service_account",
        "client_email": "lake@example.iam.gserviceaccount.com",
        "private_key_id": "1",
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "token_uri": f"{workspace.origin}/token",
        "project_id": "example",
    }
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account))
    environment = {"GOOGLE_APPLICATION_CREDENTIALS": str(path), "GOOGLE_WORKSPACE_ADMIN": "admin@example.com"}
    assert workspace_headers(environment)["Authorization"] == f"Bearer {TOKEN}"
    (claims,) = workspace.claims
    assert (claims["iss"], claims["sub"]) == ("lake@example.iam.gserviceaccount.com", "admin@example.com")
    with pytest.raises(ConfigError, match="domain-wide delegation") as refused:
        workspace_headers(environment | {"GOOGLE_WORKSPACE_ADMIN": "nobody@example.com"})
    assert "secret" not in str(refused.value)
    with pytest.raises(ConfigError, match="GOOGLE_WORKSPACE_ADMIN"):
        workspace_headers({})
