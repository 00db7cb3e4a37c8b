"""The command line around landing: what it prints, what it answers to mistakes, and hostile text on its way out."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from transforms.cli import cell, main, one_line, shown

EVENT = {"eventID": "a", "eventTime": "2026-11-01T00:00:00Z", "recipientAccountId": "111122223333"}


@pytest.fixture
def catchment(settings, tmp_path, monkeypatch):
    """Runs one command over a throw-away lake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CATCHMENT_AWS_CLOUDTRAIL_FROM", raising=False)

    def run(*arguments: str):
        return CliRunner().invoke(main, ["--lake", settings.lake, *arguments])

    return run


@pytest.fixture
def bucket(tmp_path):
    found = tmp_path / "bucket"
    found.mkdir()
    (found / "good.json").write_text(json.dumps({"Records": [EVENT, {**EVENT, "eventID": "=cmd()"}]}))
    (found / "bad.json").write_bytes(b"\x1b[31m{{ not json }}\nagain")
    return found


def test_land_says_what_it_did(catchment, bucket):
    done = catchment("land", "aws_cloudtrail", "--from", str(bucket))
    assert done.exit_code == 0
    assert done.output.splitlines()[-1].startswith(
        "aws_cloudtrail: landed 2 records from 2 objects, quarantined 2 (see: catchment quarantine list)"
    )
    again = catchment("land", "aws_cloudtrail", "--from", str(bucket))
    assert again.output.splitlines()[-1] == "aws_cloudtrail: landed 0 records from 0 objects, quarantined 0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["land", "nonsense"], "catchment: no source 'nonsense'; known are a"),
        (["land", "aws_cloudtrail"], "set CATCHMENT_AWS_CLOUDTRAIL_FROM or give --from URI"),
        (["land", "aws_cloudtrail", "--from", "/no/such/folder"], "/no/such/folder: no such file or folder"),
        (["land", "aws_cloudtrail", "--from", "ftp://example.com/x"], "no reader for ftp://"),
        (["quarantine", "show", "abc"], "0 open entries begin with 'abc'"),
        (["quarantine", "list", "--source", "nonsense"], "no source 'nonsense'"),
    ],
)
def test_mistakes_are_one_line_and_a_code(catchment, arguments, message):
    done = catchment(*arguments)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("catchment: ") and message in line


def test_quarantine_is_listed_shown_and_replayed(catchment, bucket):
    catchment("land", "aws_cloudtrail", "--from", str(bucket))
    listed = json.loads(catchment("quarantine", "list", "--json").output)
    assert [entry["reason"][:9] for entry in listed] == ["not JSON:", "not JSON:"]
    table = catchment("quarantine", "list")
    assert table.exit_code == 0 and "\x1b" not in table.output
    shown_ = json.loads(catchment("quarantine", "show", listed[0]["quarantine_uid"]).output)
    assert shown_["data"] in ("\x1b[31m{{ not json }}", "again")
    assert catchment("quarantine", "replay").output == "replayed 0 entries into 0 records; 2 still do not decode\n"


def test_what_landed_can_be_asked_for_in_every_format(catchment, bucket):
    catchment("land", "aws_cloudtrail", "--from", str(bucket))
    query = "select raw::json ->> 'eventID' as id, record_no from bronze.aws_cloudtrail order by record_no"
    assert json.loads(catchment("sql", query, "--format", "json").output) == [
        {"id": "a", "record_no": 0},
        {"id": "=cmd()", "record_no": 1},
    ]
    lines = catchment("sql", query, "--format", "jsonl").output.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["a", "=cmd()"]
    text = catchment("sql", query, "--format", "csv").output
    assert "\r" not in text
    assert list(csv.reader(io.StringIO(text))) == [["id", "record_no"], ["a", "0"], ["'=cmd()", "1"]]
    assert catchment("sql", "drop table x").exit_code == 1


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=1", "", 5, -5, None, 1.5])
def test_other_cells_stay(value):
    assert cell(value) == value


def test_nothing_printed_drives_a_terminal():
    assert shown("\x1b[31mred\u202e\n") == "\\x1b[31mred\\u202e\\n"
    assert one_line("first\n  second\x07\n\n") == "first second\\x07"
