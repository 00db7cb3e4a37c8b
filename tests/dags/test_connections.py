"""An Airflow connection that a source names becomes the variables that its reader takes, for that source alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

CONNECTIONS = {
    "TRAIL": {
        "conn_type": "aws",
        "login": "AKIAEXAMPLE",
        "password": "key-of-the-trail",
        "extra": {"region_name": "eu-central-1", "roles": "*-logs=arn:aws:iam::111122223333:role/read"},
    },
    "BLOBS": {"conn_type": "wasb", "login": "examplelogs", "password": "a2V5a2V5"},
    "API": {"conn_type": "http", "host": "example.okta.com", "password": "token"},
    "OTHER": {"conn_type": "ftp", "host": "example.com"},
}
ENVIRONMENT = {f"AIRFLOW_CONN_{name}": json.dumps(fields) for name, fields in CONNECTIONS.items()} | {
    "CATCHMENT_AWS_CLOUDTRAIL_CONNECTION": "trail",
    "CATCHMENT_AZURE_ACTIVITY_CONNECTION": "blobs",
    "CATCHMENT_OKTA_SYSTEM_LOG_CONNECTION": "api",
}
READ = """
import json
from catchment_connections import task_settings
from transforms.errors import ConfigError
try:
    settings = task_settings({source!r})
    print(json.dumps({{"environment": dict(settings.environment), "repr": repr(settings)}}))
except ConfigError as error:
    print(json.dumps({{"error": str(error)}}))
"""
Call = Callable[..., Any]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "aws_cloudtrail",
            {
                "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "key-of-the-trail",
                "AWS_REGION": "eu-central-1",
                "CATCHMENT_AWS_ROLES": "*-logs=arn:aws:iam::111122223333:role/read",
            },
        ),
        ("azure_activity", {"AZURE_STORAGE_ACCOUNT": "examplelogs", "AZURE_STORAGE_KEY": "a2V5a2V5"}),
        ("okta_system_log", {"OKTA_API_TOKEN": "token"}),
    ],
)
def test_fields_become_variables(beside_the_dags: Call, source: str, expected: dict[str, str]) -> None:
    read = beside_the_dags(READ.format(source=source), ENVIRONMENT)
    assert expected.items() <= read["environment"].items()
    assert not any(value in read["repr"] for value in expected.values())


def test_other_tasks_do_not_get_them(beside_the_dags: Call) -> None:
    read = beside_the_dags(READ.format(source=None), ENVIRONMENT)
    assert "key-of-the-trail" not in read["environment"].values()


def test_an_unknown_type_is_refused(beside_the_dags: Call) -> None:
    environment = ENVIRONMENT | {"CATCHMENT_AWS_CLOUDTRAIL_CONNECTION": "other"}
    assert "type 'ftp'; known are aws" in beside_the_dags(READ.format(source="aws_cloudtrail"), environment)["error"]
