"""No secret that a scanner reports is in the lake: each planted one is searched for in every file, in every form."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from landed import Landed

from transforms.errors import ConfigError
from transforms.quarantine import entries, replay
from transforms.settings import Settings
from transforms.sources import get, registry
from transforms.warehouse.runner import build, correlate, detect

FIXTURES = Path(__file__).parents[1] / "fixtures"
KEY = "a key of the tests that is long enough"
SCANNERS = [name for name, source in registry().items() if source.redact is not None]
SECRETS = {
    "gitleaks": [
        "zq8-planted-Kx41vTnM02",
        'pl4nted"quo\\te/ü&x',
        "plantedLine1AAAA",
        "plantedLine2BBBB",
        "planted-url-pass",
        "planted-bare-token",
        "planted-jsonl-91ab",
        "planted-broken-77cd",
        "planted-type-55ef",
        "planted-old-33aa",
        "planted-old-44bb",
    ],
    "gitlab_api": ["planted-gitlab_api-token"],
    "gitlab_audit": ["planted-gitlab_audit-token"],
    "gitlab_ci": ["planted-gitlab_ci-token"],
    "github_secret_scanning": [
        *(f"planted-github-alert-{number}" for number in range(1, 6)),
        "planted-github-undated-6",
    ],
    "prowler": ["planted-prowler-env-01", "planted-prowler-env-02"],
    "trufflehog": [
        *("planted-truffle-raw-01", "planted-truffle-two-02", "planted-truffle-file-03", "planted-truffle-three-04"),
        *("planted-truffle-old-05", "planted-truffle-old-06", "planted-truffle-odd-07", "planted-truffle-bad-08"),
    ],
}
BROKEN = [
    "planted-record-too-large",
    "planted-document-too-large",
    "planted-not-utf8",
    "planted-deep",
    "planted-undated",
]


def forms(secret: str) -> set[bytes]:
    """How a secret may stand in a file; of base64 what does not depend on its neighbours."""
    data = secret.encode()
    found = {data, json.dumps(secret)[1:-1].encode(), json.dumps(json.dumps(secret)[1:-1])[1:-1].encode()}
    found.add(quote(secret, safe="").encode())
    for before in range(3):
        code = base64.b64encode(b"\0" * before + data)
        found.add(code[(0, 2, 3)[before] : 8 * (before + len(data)) // 6])
    return found


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file as it is, and what every Parquet file holds."""
    for path in (p for p in folder.rglob("*") if p.is_file()):
        yield str(path), path.read_bytes()
        if path.suffix == ".parquet":
            yield str(path), repr(pq.ParquetFile(path).read().to_pylist()).encode()
            for column in (c for c in pq.ParquetFile(path).read().columns if str(c.type) in ("string", "binary")):
                for value in column.to_pylist():
                    yield str(path), value.encode() if isinstance(value, str) else value or b""


def held(folder: Path, secrets: list[str]) -> set[str]:
    """The secrets of which any form stands in any file."""
    wanted = {form: secret for secret in secrets for form in forms(secret)}
    return {secret for _, data in contents(folder) for form, secret in wanted.items() if form in data}


def broken(folder: Path) -> None:
    """Reports that do not land as they should."""
    folder.mkdir()
    finding = (
        '{"RuleID":"k","File":"a","Commit":"c","Date":"2026-03-02T10:00:00Z","Fingerprint":"c:a:k:%d","Secret":"%s"}'
    )
    pad = '","Message":"' + "x" * 5000
    (folder / "record.json").write_text(finding % (1, BROKEN[0] + pad))
    (folder / "document.json").write_text('[{"Secret":"' + BROKEN[1] + '","Message":"' + "y " * 30_000)
    (folder / "latin.json").write_bytes((finding % (3, BROKEN[2] + "\xe4")).encode("latin-1"))
    (folder / "deep.json").write_text((finding % (4, BROKEN[3]))[:-1] + ',"Match":' + "[" * 5000 + "]" * 5000 + "}")
    (folder / "time.json").write_text((finding % (5, "planted")).replace("2026-03-02T10:00:00Z", BROKEN[4]))


def lands_nothing_of(settings: Settings, folder: Path) -> int:
    """Land broken reports under narrow bounds: how many pieces were put aside."""
    broken(folder)
    small = replace(settings, max_record_bytes=4000, chunk_bytes=8000, max_document_bytes=20_000)
    landed = Landed(small).land("gitleaks", folder)
    assert landed.records == 0
    return landed.quarantined


@pytest.fixture
def keyed(settings: Settings) -> Settings:
    return replace(settings, environment={"CATCHMENT_REDACTION_KEY": KEY})


def test_every_scanner_has_planted_secrets() -> None:
    assert set(SECRETS) == set(SCANNERS)


def test_no_planted_secret_is_in_any_file_of_the_lake(
    keyed: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lake = Landed(keyed)
    planted = [secret for name in SCANNERS for secret in SECRETS[name]]
    for name in SCANNERS:
        lake.land(name, FIXTURES / name)
        assert held(FIXTURES / name, SECRETS[name]) == set(SECRETS[name])  # the search finds what is there
    assert lands_nothing_of(keyed, tmp_path / "broken") == 5
    assert build(keyed).failed == {}
    assert correlate(keyed).failed == {}
    assert detect(keyed).failed == {}
    assert replay(keyed, "gitleaks").left == 7
    assert held(Path(keyed.lake), [*planted, *BROKEN]) == set()
    assert held(Path(keyed.lake), ["services/billing/settings.py"]) != set()
    said = "".join(capfd.readouterr())
    assert not [secret for secret in [*planted, *BROKEN] if secret in said]
    secret = SECRETS["gitleaks"][0]
    token = "hmac-sha256:" + hmac.digest(KEY.encode(), secret.encode(), "sha256").hex()
    found = lake.sql(f"select * from ocsf.data_security_finding where data_security_pattern_match = '{token}'")
    assert [(r["file_path"], r["file_line"], r["vcs_repository_name"]) for r in found] == [
        ("services/billing/settings.py", 12, "example-org/shop")
    ]


def test_without_a_key_there_is_no_hash_either(settings: Settings, tmp_path: Path) -> None:
    for name in SCANNERS:
        Landed(settings).land(name, FIXTURES / name)
    assert lands_nothing_of(settings, tmp_path / "broken") == 5
    planted = [secret for name in SCANNERS for secret in SECRETS[name]]
    assert held(Path(settings.lake), [*planted, *BROKEN, "hmac-sha256:"]) == set()


def test_what_is_put_aside_keeps_hash_size_place_and_reason(keyed: Settings, tmp_path: Path) -> None:
    assert lands_nothing_of(keyed, tmp_path / "broken") == 5
    for row in Landed(keyed).rows("ops/quarantine"):
        assert row["data"] is None and row["length"] > 0 and row["reason"] and row["object_uri"]
        proof = json.loads(row["attributes"])["delivered_hmac_sha256"]
        data = Path(row["object_uri"].removeprefix("file://")).read_bytes()
        assert proof == hmac.digest(KEY.encode(), data, "sha256").hex()
    assert len(entries(keyed, "gitleaks", 10)) == 5


def test_a_finding_without_a_time_has_its_reports(keyed: Settings, tmp_path: Path) -> None:
    """A scan of files knows no commit: the same report delivered twice is one event."""
    (tmp_path / "in").mkdir()
    body = {
        "RuleID": "k",
        "File": ".env",
        "Commit": "",
        "Date": "",
        "Fingerprint": ".env:k:1",
        "Secret": "planted-in-file",
    }
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.json").write_text(json.dumps([body]))
    lake = Landed(keyed)
    assert lake.land("gitleaks", tmp_path / "in").records == 2
    rows = lake.rows("bronze/gitleaks")
    assert len({r["event_uid"] for r in rows}) == 1
    for row in rows:
        modified = Path(row["object_uri"].removeprefix("file://")).stat().st_mtime
        assert abs(row["event_time"].timestamp() - modified) < 1e-3
        assert json.loads(row["attributes"])["object_time"][:10] == str(row["event_date"])


def test_a_key_that_can_be_guessed_is_refused(settings: Settings) -> None:
    weak = replace(settings, environment={"CATCHMENT_REDACTION_KEY": "short"})
    with pytest.raises(ConfigError, match="32"):
        Landed(weak).land("gitleaks", FIXTURES / "gitleaks")


def test_only_json_can_be_redacted() -> None:
    with pytest.raises(ConfigError, match="JSON records only"):
        replace(get("aws_vpc_flow"), redact=get("gitleaks").redact)


@pytest.mark.parametrize(("signed_with", "verdict"), [("hooks-own-secret", "valid"), ("another-secret", "invalid")])
def test_a_signature_is_judged_before_the_secret_is_taken_out(
    keyed: Settings, tmp_path: Path, signed_with: str, verdict: str
) -> None:
    secret = "planted-in-an-alert-0123456789"
    alert = {"number": 1, "url": "https://api.github.com/repos/example/shop/secret-scanning/alerts/1", "state": "open"}
    body = json.dumps({"action": "created", "alert": {**alert, "created_at": "2026-03-02T10:00:00Z", "secret": secret}})
    headers = {"X-Hub-Signature-256": "sha256=" + hmac.digest(signed_with.encode(), body.encode(), "sha256").hex()}
    (tmp_path / "in").mkdir()
    line = json.dumps({"received_at": "2026-03-02T10:00:01Z", "headers": headers})
    (tmp_path / "in" / "hook.json").write_text(f'{line[:-1]}, "body": {body}}}\n')
    shared = {**keyed.environment, "CATCHMENT_GITHUB_WEBHOOK_SECRETS": "hooks-own-secret"}
    lake = Landed(replace(keyed, environment=shared))
    assert lake.land("github_secret_scanning", tmp_path / "in").records == 1
    (row,) = lake.rows("bronze/github_secret_scanning")
    assert json.loads(row["attributes"])["signature"] == verdict
    assert held(Path(keyed.lake), [secret]) == set()
