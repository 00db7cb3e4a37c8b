"""The real DAGs in a real Airflow: from objects to findings, on time, and with no secret left behind."""

from __future__ import annotations

import gzip
import json
import math
import os
import random
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from infra.local.airflow import server, summary, tour
from infra.local.airflow.client import Client
from infra.local.airflow.home import REPOSITORY, Home, open_home

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.slow]
DROPS = 20
EVERY = 10.0  # seconds between two arrivals, give or take half of it
LIMIT = 120.0  # seconds from an object's arrival to its finding, 95th percentile
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "plantedAwsKey1xQ",
    "AZURE_STORAGE_KEY": "cGxhbnRlZEF6dXJlS2V5Mg==",
    "OKTA_API_TOKEN": "plantedOktaToken3xQ",
    "AIRFLOW_CONN_PLANTED": json.dumps(
        {"conn_type": "aws", "login": "AKIAPLANTED", "password": "plantedConnection4xQ"}
    ),
}
FAILED = ("up_for_retry", "failed")
VALUES = ("plantedAwsKey1xQ", "cGxhbnRlZEF6dXJlS2V5Mg==", "plantedOktaToken3xQ", "plantedConnection4xQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One Airflow under test, the folders it works on, its client, and what `up` printed."""

    place: tour.Place
    home: Home
    client: Client
    printed: str


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """What `make up` leaves running over a small simulated organisation, with secrets in its environment."""
    place = tour.Place(root=tmp_path_factory.mktemp("airflow"))
    try:
        printed = _command(place, "up", "--simulate", "--days 16 --events 8000")
        home = open_home(place.airflow)
        yield Running(place=place, home=home, client=Client(home.url), printed=printed)
    finally:
        _command(place, "down")


def _command(place: tour.Place, *arguments: str) -> str:
    """What `python -m infra.local.airflow` prints; it must end with 0."""
    command = [sys.executable, "-m", "infra.local.airflow", "--place", str(place.root), *arguments]
    environment = os.environ | SECRETS | {"CATCHMENT_AWS_CLOUDTRAIL_CONNECTION": "planted"}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=1200
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_what_lies_in_the_folders_becomes_findings(airflow: Running) -> None:
    runs = airflow.client.runs()
    truth = json.loads(airflow.place.truth.read_text())
    assert {run["dag_id"] for run in runs} == {
        *(f"land_{name}" for name in tour.FEEDS),
        "normalise",
        "correlate",
        "detect",
    }
    assert {run["state"] for run in runs} <= {"success", "running", "queued"}  # the next round may have begun
    landed = _counts(airflow, [f"bronze.{source}" for source in truth["sources"]], "count(distinct event_uid)")
    records = _counts(airflow, landed)
    for source, counts in truth["sources"].items():
        name = f"bronze.{source}"
        assert (records[name], landed[name]) == (counts["records"], counts["distinct_records"]), source
    normalised = sum(_counts(airflow, [f"ocsf.{name}" for name in _views(airflow, "ocsf")]).values())
    assert normalised == sum(counts["distinct_records"] for counts in truth["sources"].values())
    assert _counts(airflow, ["ops.quarantine"]) == {"ops.quarantine": 0}
    found = summary.findings(airflow.place.lake, _views(airflow, "ocsf"))
    planted = [step for chain in truth["chains"] for step in chain["steps"]]
    missed = [step["detection"] for step in planted if not any(summary.sees(row, step) for row in found)]
    assert len(planted) >= 15
    assert missed == []


def test_the_summary_says_what_was_landed_and_found(airflow: Running) -> None:
    truth = json.loads(airflow.place.truth.read_text())
    for source, counts in truth["sources"].items():
        line = next(line for line in airflow.printed.splitlines() if f" {source} " in line and "│" in line)
        assert f" {counts['records']:,} " in line
    assert " NO " not in airflow.printed
    page = airflow.place.dashboard / "index.html"
    assert page.as_uri() in airflow.printed
    assert page.stat().st_size > 100_000
    assert airflow.client.url in airflow.printed


def test_a_second_round_adds_nothing(airflow: Running) -> None:
    before = _totals(airflow)
    _command(airflow.place, "run")
    assert _totals(airflow) == before
    assert server.running(airflow.home), "it ran before, so it must still run"


def test_an_object_becomes_a_finding_within_two_minutes(airflow: Running, capsys: pytest.CaptureFixture[str]) -> None:
    """Objects of two sources arrive one by one; each holds one event that a detection fires on."""
    start = DeltaTable(str(airflow.place.lake / "findings/findings")).version()
    pace = random.Random(11)
    arrived: dict[str, float] = {}
    for number in range(DROPS):
        name = f"drop-{number:02d}"
        (_drop_cloudtrail if number % 2 else _drop_okta)(airflow.place, name)
        arrived[name] = time.time()
        time.sleep(EVERY * pace.uniform(0.5, 1.5))
    committed = _wait_for_findings(airflow, start, set(arrived))
    seconds = sorted(committed[name] - arrived[name] for name in arrived)
    p95 = seconds[math.ceil(0.95 * len(seconds)) - 1]
    with capsys.disabled():
        print(
            f"\narrival to finding over {len(seconds)} objects: median {seconds[len(seconds) // 2]:.0f} s,"
            f" p95 {p95:.0f} s, longest {seconds[-1]:.0f} s"
        )
    assert p95 < LIMIT


def test_no_secret_is_left_in_logs_xcom_or_rendered_fields(airflow: Running) -> None:
    """The database holds XCom and rendered fields, the folder every log: neither holds a planted value."""
    for dag_id in ("land_aws_cloudtrail", "normalise", "correlate", "detect"):
        assert airflow.client.runs(dag_id), dag_id  # the check below would pass over an empty folder
    assert list(airflow.place.airflow.rglob("task_id=land/**/*.log"))
    assert _leaks(airflow.home) == []


def test_down_stops_everything_that_was_started(airflow: Running) -> None:
    """The last test in Airflow: it ends it."""
    supervisor = server.running(airflow.home)
    assert supervisor is not None
    family = [supervisor, *supervisor.children(recursive=True)]
    assert len(family) >= 4
    _command(airflow.place, "down")
    assert [process for process in family if process.is_running()] == []
    assert not airflow.client.healthy()


def test_down_stops_only_what_was_started(tmp_path: Path) -> None:
    """A state file that names a process which is not ours any more stops nothing."""
    home = open_home(tmp_path)
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        home.state_file.write_text(json.dumps({"pid": bystander.pid, "started": 1.0, "port": 1, "execution_port": 2}))
        assert server.stop(home) is False
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_failing_task_tells_why_and_no_secret(tmp_path: Path, refusing_store: str) -> None:
    """A store that refuses the credential: the task's log names the place, and nothing keeps the secret."""
    place = tour.Place(root=tmp_path)
    settings = place.settings() | SECRETS
    settings["CATCHMENT_AZURE_ACTIVITY_FROM"] = "az://insights-activity-logs"
    settings |= {"AZURE_STORAGE_ACCOUNT": "example", "AZURE_STORAGE_ENDPOINT": f"{refusing_store}/example"}
    home = open_home(place.airflow, settings)
    try:
        client = server.start(home)
        client.wait_for_dags(["land_azure_activity"])
        deadline = time.monotonic() + 120
        while not (failed := [t for t in _tasks(client, "land_azure_activity") if t["state"] in FAILED]):
            assert time.monotonic() < deadline, "the task did not fail"
            time.sleep(1)
        said = client.log_tail(failed[0] | {"try_number": 1})
    finally:
        server.stop(home)
    assert "az://insights-activity-logs" in said
    assert _leaks(home) == []


@pytest.fixture
def refusing_store() -> Iterator[str]:
    """The URL of a server that answers every request with 403."""

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(403)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuse) as refusing:
        Thread(target=refusing.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{refusing.server_port}"
        refusing.shutdown()


def _tasks(client: Client, dag_id: str) -> list[dict]:
    return [task for run in client.runs(dag_id) for task in client.tasks(dag_id, run["dag_run_id"])]


def _leaks(home: Home) -> list[str]:
    """Every file of an Airflow's folder that holds one of the planted values."""
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    assert home.folder / "airflow.db" in files
    return [f"{value[:8]} in {path}" for path in files for value in VALUES if value.encode() in path.read_bytes()]


def _sql(airflow: Running, question: str) -> list[dict]:
    return summary.query(airflow.place.lake, question)


def _counts(airflow: Running, views: Iterable[str], what: str = "count(*)") -> dict[str, int]:
    """One number of each view, asked at once: each question opens the lake anew."""
    each = [f"select '{view}' as name, {what} as n from {view}" for view in views]
    return {row["name"]: row["n"] for row in _sql(airflow, " union all ".join(each))}


def _views(airflow: Running, schema: str) -> list[str]:
    question = f"select table_name from information_schema.tables where table_schema = '{schema}'"
    return [row["table_name"] for row in _sql(airflow, question)]


def _totals(airflow: Running) -> dict[str, int]:
    schemas = ("bronze", "ocsf", "findings")
    return _counts(airflow, [f"{schema}.{name}" for schema in schemas for name in _views(airflow, schema)])


def _wait_for_findings(airflow: Running, start: int, names: set[str]) -> dict[str, float]:
    """When the commit that brought each name's finding was made, in seconds since the epoch."""
    deadline, found = time.monotonic() + 240, {}
    while names - found.keys():
        assert time.monotonic() < deadline, f"no finding for {sorted(names - found.keys())}"
        time.sleep(2)
        table = DeltaTable(str(airflow.place.lake / "findings/findings"))
        if table.version() == start:
            continue
        changes = pa.table(table.load_cdf(starting_version=start + 1).read_all())
        for row in changes.to_pylist():
            for name in re.findall(r"drop-\d\d", json.dumps(row, default=str)):
                found.setdefault(name, row["_commit_timestamp"].replace(tzinfo=UTC).timestamp())
    return found


def _drop_cloudtrail(place: tour.Place, name: str) -> None:
    """One CloudTrail object, in which somebody stops the trail of this name."""
    now = datetime.now(UTC)
    trail = f"arn:aws:cloudtrail:us-east-1:111122223333:trail/{name}"
    user = {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": "arn:aws:iam::111122223333:user/" + name}
    event = {
        "eventVersion": "1.11",
        "userIdentity": user | {"accountId": "111122223333", "userName": name},
        "eventTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "StopLogging",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.44",
        "userAgent": "aws-cli/2.31.0",
        "requestParameters": {"name": trail},
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
    }
    folder = place.organisation / tour.FEEDS["aws_cloudtrail"] / "AWSLogs/111122223333/CloudTrail/us-east-1"
    key = f"{now:%Y/%m/%d}/111122223333_CloudTrail_us-east-1_{now:%Y%m%dT%H%MZ}_{name:0>16}.json.gz"
    _appear(place, folder / key, gzip.compress(json.dumps({"Records": [event]}).encode()))


def _drop_okta(place: tour.Place, name: str) -> None:
    """One page of Okta's System Log, in which somebody of this name is granted an administrator role."""
    now = datetime.now(UTC)
    person = {"id": f"00u{name}", "type": "User", "alternateId": f"{name}@example.com", "displayName": name}
    event = {
        "uuid": str(uuid.uuid4()),
        "published": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "eventType": "user.account.privilege.grant",
        "version": "0",
        "severity": "INFO",
        "displayMessage": "Grant user privilege",
        "actor": person,
        "client": {"ipAddress": "192.0.2.45", "userAgent": {"rawUserAgent": "Mozilla/5.0"}},
        "outcome": {"result": "SUCCESS"},
        "target": [person | {"type": "User"}],
        "debugContext": {"debugData": {"privilegeGranted": "Super administrator"}},
        "authenticationContext": {"externalSessionId": "102example"},
        "transaction": {"type": "WEB", "id": str(uuid.uuid4()), "detail": {}},
        "legacyEventType": "core.user.admin_privilege.granted",
    }
    folder = place.organisation / tour.FEEDS["okta_system_log"]
    _appear(place, folder / f"{now:%Y/%m/%d/%H%M%S}-{name}.json.gz", gzip.compress(json.dumps([event]).encode()))


def _appear(place: tour.Place, path: Path, content: bytes) -> None:
    """Put an object as a store does: all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arriving = place.root / "arriving"
    arriving.write_bytes(content)
    arriving.replace(path)
