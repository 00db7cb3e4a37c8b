"""Microsoft Entra's logs from Microsoft Graph into bronze and on: each event once, whatever fails between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.integration.graph_server import TOKEN, Graph
from transforms.errors import ConfigError
from transforms.land import land
from transforms.readers.graph import graph_headers
from transforms.settings import Settings
from transforms.sources.entra_signin import KINDS
from transforms.warehouse.query import rows
from transforms.warehouse.runner import build

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env({"MICROSOFT_GRAPH_TOKEN": TOKEN}, lake=str(tmp_path / "lake"))


@pytest.fixture
def graph() -> Iterator[Graph]:
    server = Graph("signIns", "beta")
    yield server
    server.close()
    assert server.problems == []


def at(minutes: float) -> datetime:
    return NOW - timedelta(hours=3) + timedelta(minutes=minutes)


def pull(settings: Settings, graph: Graph, source: str = "entra_signin") -> int:
    return land(settings, source, graph.base, clock=lambda: NOW).records


def sql(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    _, blocks = rows(settings, query)
    return [row for block in blocks for row in block]


def landed(settings: Settings, source: str = "entra_signin") -> set[str]:
    return {uid for (uid,) in sql(settings, f"select raw ->> 'id' from bronze.{source}")}


def ids(graph: Graph) -> set[str]:
    return {event["id"] for event in graph.events}


def interactive(graph: Graph, *moments: datetime) -> None:
    graph.add(
        *moments, signInEventTypes=["interactiveUser"], status={"errorCode": 0}, userPrincipalName="a@example.com"
    )


def test_nothing_then_pages_then_late_sign_ins_through_faults(settings: Settings, graph: Graph) -> None:
    assert pull(settings, graph) == 0
    interactive(graph, *(at(m) for m in range(7)))
    assert pull(settings, graph) == 7
    assert pull(settings, graph) == 0
    interactive(graph, at(-90), at(9))  # shown an hour and a half after it happened, within the overlap
    graph.faults = [(500, {}, b""), (429, {"Retry-After": "0"}, b""), "cut", (503, {"Retry-After": "1"}, b"")]
    assert pull(settings, graph) >= 2
    assert landed(settings) == ids(graph)
    assert pull(settings, graph) == 0
    assert not any(TOKEN in path.read_text() for path in Path(settings.lake).rglob("*.json"))


def test_an_empty_page_in_mid_list_and_a_dead_cursor_stop_nothing(settings: Settings, graph: Graph) -> None:
    interactive(graph, *(at(m) for m in range(8)))
    graph.gaps = 2
    assert pull(settings, graph) == 8
    assert graph.gaps == 0
    graph.faults = [lambda query: graph.expire_cursors() or None]
    interactive(graph, *(at(m) for m in range(10, 18)))
    pull(settings, graph)
    assert landed(settings) == ids(graph)


@pytest.mark.parametrize(("version", "kinds"), [("v1.0", KINDS[:1]), ("beta", KINDS)])
def test_beta_gives_every_kind_and_the_stable_version_interactive_ones(
    settings: Settings, version: str, kinds: tuple[str, ...]
) -> None:
    graph = Graph("signIns", version)
    for minute, kind in enumerate(KINDS):
        graph.add(at(minute), signInEventTypes=[kind])
    assert pull(settings, graph) == len(kinds)
    graph.close()
    assert graph.problems == []
    assert landed(settings) == {e["id"] for e in graph.events if e["signInEventTypes"][0] in kinds}


def test_a_sign_in_through_export_and_graph_is_one(settings: Settings, graph: Graph, tmp_path: Path) -> None:
    interactive(graph, at(1), at(2))
    pull(settings, graph)
    first = graph.events[0]
    exported = {
        "time": "2026-03-02T09:03:11.7654321Z",
        "category": "SignInLogs",
        "resultType": "0",
        "tenantId": "00000000-0000-4000-8000-00000000beef",
        "properties": first | {"createdDateTime": "2026-03-02T09:01:00.1234567+00:00", "riskState": "none"},
    }
    place = tmp_path / "insights-logs-signinlogs" / "PT1H.json"
    place.parent.mkdir()
    place.write_text(json.dumps(exported) + "\n")
    land(settings, "entra_signin", str(place.parent))
    built = build(settings)
    assert (built.failed, built.rows, built.duplicates, built.collisions) == ({}, 2, 1, 0)
    assert sql(settings, "select count(distinct event_uid), count(*) from bronze.entra_signin") == [(2, 3)]


def test_credentials_are_a_token_or_azures_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain is asked for Graph's scope; what it says when it fails is not repeated."""
    asked = []

    class Chain:
        def __enter__(self) -> Chain:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def get_token(self, scope: str) -> Any:
            asked.append(scope)
            if len(asked) > 1:
                raise ClientAuthenticationError("secret-of-the-chain")
            return type("Token", (), {"token": "from-the-chain"})

    monkeypatch.setattr("azure.identity.DefaultAzureCredential", Chain)
    assert graph_headers({"MICROSOFT_GRAPH_TOKEN": "given"})["Authorization"] == "Bearer given"
    assert graph_headers({})["Authorization"] == "Bearer from-the-chain"
    with pytest.raises(ConfigError, match="MICROSOFT_GRAPH_TOKEN") as refused:
        graph_headers({})
    assert "secret" not in str(refused.value)
    assert asked == ["https://graph.microsoft.com/.default"] * 2


def test_the_audit_log_has_a_list_of_its_own(settings: Settings) -> None:
    """Late entries within the overlap come, what was refused is asked again, and each entry is one row."""
    graph = Graph("directoryAudits", "v1.0")
    entry: dict[str, Any] = {
        "activityDisplayName": "Add user",
        "category": "UserManagement",
        "result": "success",
        "initiatedBy": {"user": {"id": "u-1", "userPrincipalName": "a@example.com"}, "app": None},
        "targetResources": [{"id": "u-2", "type": "User", "userPrincipalName": "b@example.com"}],
    }
    graph.add(*(at(m) for m in range(5)), **entry)
    graph.faults = [(429, {"Retry-After": "0"}, b""), "drop"]
    assert pull(settings, graph, "entra_audit") == 5
    graph.add(at(-60), at(9), **entry)
    pull(settings, graph, "entra_audit")
    assert pull(settings, graph, "entra_audit") == 0
    graph.close()
    assert graph.problems == []
    assert landed(settings, "entra_audit") == ids(graph)
    built = build(settings)
    assert (built.failed, built.rows, built.collisions) == ({}, 7, 0)
    assert sql(settings, "select distinct user_name, activity_name from ocsf.account_change") == [
        ("b@example.com", "Create")
    ]
