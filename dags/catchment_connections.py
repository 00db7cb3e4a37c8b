"""Settings of a task: the environment, plus the Airflow connection that a source names, if it does.

`CATCHMENT_<SOURCE>_CONNECTION` holds a connection's id. Its fields become the variables that the cloud's own
SDK reads, in the task only: nothing is returned, logged or rendered, and Airflow masks its password.
"""

import os

from airflow.sdk import Connection

VARIABLES = {
    "aws": {
        "login": "AWS_ACCESS_KEY_ID",
        "password": "AWS_SECRET_ACCESS_KEY",
        "aws_session_token": "AWS_SESSION_TOKEN",
        "region_name": "AWS_REGION",
        "endpoint_url": "AWS_ENDPOINT_URL",
        "roles": "CATCHMENT_AWS_ROLES",
        "external_id": "CATCHMENT_AWS_EXTERNAL_ID",
    },
    "wasb": {
        "login": "AZURE_STORAGE_ACCOUNT",
        "password": "AZURE_STORAGE_KEY",
        "connection_string": "AZURE_STORAGE_CONNECTION_STRING",
    },
    "google_cloud_platform": {"key_path": "GOOGLE_APPLICATION_CREDENTIALS"},
    "http": {"password": "OKTA_API_TOKEN"},
}
"""By connection type: a field of the connection (or of its extra) and the variable that takes it."""


def task_settings(source_name: str | None = None):
    """The `Settings` of a task; those of a landing task carry its source's connection. Raises ConfigError."""
    from transforms.errors import ConfigError
    from transforms.settings import Settings

    environment = dict(os.environ)
    named = environment.get(f"CATCHMENT_{source_name.upper()}_CONNECTION") if source_name else None
    if named:
        connection = Connection.get(named)
        fields = {"login": connection.login, "password": connection.password, **connection.extra_dejson}
        variables = VARIABLES.get(connection.conn_type)
        if variables is None:
            known = ", ".join(VARIABLES)
            raise ConfigError(f"connection {named!r} is of type {connection.conn_type!r}; known are {known}")
        for field, variable in variables.items():
            if fields.get(field):
                environment[variable] = str(fields[field])
    return Settings.from_env(environment)
