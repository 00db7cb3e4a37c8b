"""What is made once a session: emulators of the three clouds' stores, each a process of its own on a free loopback
port; the lake of the simulated organisation, and that of the real samples."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from asking import changed
from azure.storage.blob import BlobServiceClient
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from samples import SAMPLED, SAMPLES, Trail, events, folders, sql
from simulated import Organisation, organisation

from transforms.land import land
from transforms.readers.base import ObjectStore, open_store
from transforms.settings import Settings
from transforms.warehouse.runner import build

HERE = Path(__file__).resolve().parent
NODE = HERE.parent / "emulators" / "node_modules"
AWS = {
    "AWS_ACCESS_KEY_ID": "S3RVER",
    "AWS_SECRET_ACCESS_KEY": "S3RVER",
    "AWS_REGION": "us-east-1",
}
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The well-known key of every Azurite."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "emulator: talks to an emulator of a cloud's store, started by the test session")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def running(command: list[str], port: int, directory: Path) -> Iterator[int]:
    """Start a server, yield its port when it answers, and stop that process and no other."""
    log = directory / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=directory, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} did not start: {log.read_text(errors='replace')[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def node_program(script: str) -> list[str]:
    path = NODE / script
    if not path.exists():
        pytest.fail(f"{path.relative_to(HERE.parent.parent)} is missing; run `make emulators`")
    bundled = Path(sys.executable).with_name("node")
    return [str(bundled) if bundled.exists() else "node", str(path)]


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Environment of moto's S3 and SQS."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    for ready in running(command, port, tmp_path_factory.mktemp("moto")):
        yield {**AWS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ready}"}


@pytest.fixture(scope="session")
def careless_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Environment of s3rver, an S3 server that ignores conditions on a put."""
    port, directory = free_port(), tmp_path_factory.mktemp("s3rver")
    command = [*node_program("s3rver/bin/s3rver.js"), "-d", ".", "-a", "127.0.0.1", "-p", str(port), "-s"]
    for ready in running([*command, "--configure-bucket", "lake"], port, directory):
        yield {**AWS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ready}"}


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Environment of Azurite's blob service."""
    port = free_port()
    command = [
        *node_program("azurite/dist/src/blob/main.js"),
        *("--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"),
        *("--blobHost", "127.0.0.1", "--blobPort", str(port)),
    ]
    for ready in running(command, port, tmp_path_factory.mktemp("azurite")):
        endpoint = f"http://127.0.0.1:{ready}/devstoreaccount1"
        text = f"AccountName=devstoreaccount1;AccountKey={AZURITE_KEY};BlobEndpoint={endpoint};"
        yield {"AZURE_STORAGE_CONNECTION_STRING": f"DefaultEndpointsProtocol=http;{text}"}


@pytest.fixture(scope="session")
def azure_queues(azure: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Environment of Azurite's blob and queue services."""
    port = free_port()
    command = [
        *node_program("azurite/dist/src/queue/main.js"),
        *("--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"),
        *("--queueHost", "127.0.0.1", "--queuePort", str(port)),
    ]
    for ready in running(command, port, tmp_path_factory.mktemp("azurite-queue")):
        text = f"{azure['AZURE_STORAGE_CONNECTION_STRING']}QueueEndpoint=http://127.0.0.1:{ready}/devstoreaccount1;"
        yield {"AZURE_STORAGE_CONNECTION_STRING": text}


@pytest.fixture(scope="session")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Environment of gcp-storage-emulator, with preconditions added."""
    port = free_port()
    command = [sys.executable, str(HERE / "gcs_server.py"), str(port)]
    for ready in running(command, port, tmp_path_factory.mktemp("gcs")):
        yield {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{ready}"}


@pytest.fixture(scope="session")
def careless_gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Environment of gcp-storage-emulator as it is: it ignores preconditions."""
    port = free_port()
    program = str(Path(sys.executable).with_name("gcp-storage-emulator"))
    command = [program, "start", "--host", "127.0.0.1", "--port", str(port), "--in-memory", "--quiet"]
    for ready in running(command, port, tmp_path_factory.mktemp("gcs")):
        yield {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{ready}"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A new bucket in one of the stores, and a way to write to it that is not the reader's own."""

    uri: str
    environment: Mapping[str, str]
    write: Callable[[str, bytes], Any]

    def open(self, prefix: str = "") -> ObjectStore:
        return open_store(self.uri + prefix, self.environment)


@cache
def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=AWS["AWS_REGION"],
        aws_access_key_id=AWS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=AWS["AWS_SECRET_ACCESS_KEY"],
    )


def s3_client(environment: Mapping[str, str], service: str = "s3") -> Any:
    return _client(service, environment["AWS_ENDPOINT_URL"])


@pytest.fixture
def s3_bucket(aws: Mapping[str, str]) -> Bucket:
    client, name = s3_client(aws), f"logs-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    return Bucket(f"s3://{name}", aws, lambda key, body: client.put_object(Bucket=name, Key=key, Body=body))


@pytest.fixture
def azure_bucket(azure: Mapping[str, str]) -> Bucket:
    service = BlobServiceClient.from_connection_string(azure["AZURE_STORAGE_CONNECTION_STRING"])
    container = service.create_container(f"logs-{uuid4().hex[:12]}")
    uri = f"az://{container.container_name}"
    return Bucket(uri, azure, lambda key, body: container.upload_blob(key, body, overwrite=True))


def gcs_client(environment: Mapping[str, str]) -> Any:
    options = {"api_endpoint": environment["STORAGE_EMULATOR_HOST"]}
    return storage.Client(project="p", credentials=AnonymousCredentials(), client_options=options)


@pytest.fixture
def gcs_bucket(gcs: Mapping[str, str]) -> Bucket:
    bucket = gcs_client(gcs).create_bucket(f"logs-{uuid4().hex[:12]}")
    return Bucket(f"gs://{bucket.name}", gcs, lambda key, body: bucket.blob(key).upload_from_string(body))


@pytest.fixture
def local_bucket(tmp_path: Path) -> Bucket:
    def write(key: str, body: bytes) -> None:
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        os.utime(path)

    return Bucket(tmp_path.as_uri(), {}, write)


@pytest.fixture(params=["s3", "azure", "gcs", "local"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """An empty bucket, of each store in turn."""
    found: Bucket = request.getfixturevalue(f"{request.param}_bucket")
    return found


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Organisation:
    """Five weeks of the simulated organisation, correlated. Whoever uses it is of the group simulated-lake."""
    return organisation(tmp_path_factory.mktemp("organisation"))


@pytest.fixture(scope="session")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Trail:
    """A lake with one real trail. Whoever uses it is of the group samples."""
    settings = Settings.from_env(lake=str(tmp_path_factory.mktemp("samples") / "lake"))
    place = str(SAMPLES / "aws_cloudtrail" / "sans504_s3ransom")
    return Trail(
        settings=settings,
        landed=land(settings, "aws_cloudtrail", place),
        built=build(settings),
        landed_again=land(settings, "aws_cloudtrail", place),
        built_again=build(settings),
        event_uids=events(settings, "aws_cloudtrail"),
        quarantined=len(sql(settings, "select 1 from ops.quarantine")),
    )


@pytest.fixture(scope="session")
def sample_lake(trail: Trail) -> Settings:
    """Every source's samples, landed and built. Whoever uses it is of the group samples."""
    for source in SAMPLED:
        for folder in folders(source):
            land(trail.settings, source, str(folder))
    assert build(trail.settings).failed == {}
    changed(trail.settings)
    return trail.settings
