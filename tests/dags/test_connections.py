"""An Airflow connection that a source names becomes the variables that its reader takes, for that source alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from transforms.errors import ConfigError
from transforms.settings import Settings

DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch):
    """`task_settings`, with connections `trail`, `blobs`, `api` and `other` in the environment."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(DAGS)])
    connections = {
        "TRAIL": {
            "conn_type": "aws",
            "login": "AKIAEXAMPLE",
            "password": "key-of-the-trail",
            "extra": {"region_name": "eu-central-1"},
        },
        "BLOBS": {"conn_type": "wasb", "login": "examplelogs", "password": "a2V5a2V5"},
        "API": {"conn_type": "http", "host": "example.okta.com", "password": "token"},
        "OTHER": {"conn_type": "ftp", "host": "example.com"},
    }
    for name, fields in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(fields))
    monkeypatch.setenv("CATCHMENT_AWS_CLOUDTRAIL_CONNECTION", "trail")
    monkeypatch.setenv("CATCHMENT_AZURE_ACTIVITY_CONNECTION", "blobs")
    monkeypatch.setenv("CATCHMENT_OKTA_SYSTEM_LOG_CONNECTION", "api")
    from catchment_connections import task_settings

    return task_settings


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "aws_cloudtrail",
            {
                "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "key-of-the-trail",
                "AWS_REGION": "eu-central-1",
            },
        ),
        ("azure_activity", {"AZURE_STORAGE_ACCOUNT": "examplelogs", "AZURE_STORAGE_KEY": "a2V5a2V5"}),
        ("okta_system_log", {"OKTA_API_TOKEN": "token"}),
    ],
)
def test_fields_become_variables(settings_of, source: str, expected: dict[str, str]) -> None:
    settings: Settings = settings_of(source)
    assert expected.items() <= settings.environment.items()
    assert not any(value in repr(settings) for value in expected.values())


def test_other_tasks_do_not_get_them(settings_of) -> None:
    assert "key-of-the-trail" not in settings_of().environment.values()


def test_an_unknown_type_is_refused(settings_of, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATCHMENT_AWS_CLOUDTRAIL_CONNECTION", "other")
    with pytest.raises(ConfigError, match="type 'ftp'; known are aws"):
        settings_of("aws_cloudtrail")
