"""Reports of scanners: a record a finding, what stands around it kept beside, and no quoted secret."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from transforms.decoders.framing import FIELDS, HEADER_BYTES, Bounds
from transforms.decoders.reports import Reports, place_of
from transforms.lake.envelope import each
from transforms.lake.records import Chunk
from transforms.sources import checkov, trivy
from transforms.sources.base import Source

FRAMING = Reports(
    ways=((("report", "Results"), ("result", "Weak")), (("result", "Weak"),)),
    marks=frozenset({"Schema"}),
    key=("ID",),
    clock=("report.At",),
    own=frozenset({"ID"}),
    left=("report.Meta.Env",),
    cut=("Match", "Cause.Code"),
)
REPORT = {
    "Schema": 2,
    "At": "2026-03-02T10:15:00Z",
    "Meta": {"Env": ["PLANTED"], "Name": "shop"},
    "Results": [{"Target": "a", "Weak": [{"ID": "1"}, {"ID": "2"}]}, {"Target": "b", "Weak": None}],
}
OBJECT = Bounds(uri="s3://bucket/shop/2026/03/02/r.json", modified=datetime(2026, 3, 2, 11, tzinfo=UTC))
COLUMNS = ["found_in", "scan", "clock", "text", "report.Meta", "result.Target", "ID"]


def read(text: str, bounds: Bounds = OBJECT) -> Chunk:
    (chunk,) = FRAMING(io.BytesIO(text.encode()), bounds)
    return chunk


def columns(chunk: Chunk) -> dict[str, list[Any]]:
    assert chunk.columns is not None
    found, reasons = chunk.columns(COLUMNS)
    assert reasons == {}
    return {name: [value and value.decode() for value in array.to_pylist()] for name, array in found.items()}


def reasons(chunk: Chunk) -> list[str]:
    return [bad.reason for bad in chunk.bad]


@pytest.mark.parametrize("indent", [None, 2])
def test_findings_are_slices_with_their_surroundings(indent: int | None) -> None:
    text = json.dumps(REPORT, indent=indent)
    chunk = read(text)
    assert [json.loads(bytes(record)) for record in chunk.records] == [{"ID": "1"}, {"ID": "2"}]
    assert all(bytes(record).decode() in text for record in chunk.records)
    assert columns(chunk) == {
        "found_in": ["Weak"] * 2,
        "scan": ["2026-03-02T10:15:00Z"] * 2,
        "clock": ["2026-03-02T10:15:00Z"] * 2,
        "text": [None, None],
        "report.Meta": ['{"Name":"shop"}'] * 2,
        "result.Target": ["a", "a"],
        "ID": ['"1"', '"2"'],
    }
    assert (chunk.numbers, chunk.next_no, chunk.bad, chunk.consumed) == ([0, 1], 2, [], len(text))


def test_a_finding_reads_alone_below_its_header_and_beside_its_attributes() -> None:
    whole = read(json.dumps(REPORT, indent=2))
    for record, said in zip(whole.records, each(whole) or [], strict=True):
        assert said is not None
        below = read(f"{said[FIELDS]}\n{bytes(record).decode()}\n", Bounds())
        beside = read(bytes(record).decode(), Bounds(attributes=json.dumps(said)))
        for alone in (below, beside):
            assert ([bytes(r) for r in alone.records], each(alone)) == ([bytes(record)], [said])
            assert columns(alone)["clock"] == ["2026-03-02T10:15:00Z"]


def test_a_report_that_begins_as_a_header_is_none() -> None:
    text = json.dumps({"found_in": "x", **REPORT})
    assert len(read(text.replace(": ", ":", 1) + "\n").records) == 2


def test_a_report_without_a_time_has_its_objects() -> None:
    """Delivered again on that day it is the same scan; on another day, or of another thing, it is another."""
    text = json.dumps(REPORT["Results"])
    first = columns(read(text))
    assert first["clock"] == ["2026-03-02T11:00:00.000000+00:00"] * 2
    (said, _) = each(read(text)) or []
    assert said is not None and json.loads(said[FIELDS])["scan"]["place"] == "s3://bucket/shop"
    again = "s3://bucket/shop/2026/03/02/again.json"
    same = columns(read(text, Bounds(uri=again, modified=datetime(2026, 3, 2, 23, tzinfo=UTC))))
    later = columns(read(text, Bounds(uri=again, modified=datetime(2026, 3, 3, 0, tzinfo=UTC))))
    elsewhere = columns(read(text, Bounds(uri="s3://bucket/till/r.json", modified=OBJECT.modified)))
    assert first["scan"] == same["scan"]
    assert first["scan"][0] not in (later["scan"][0], elsewhere["scan"][0])
    assert columns(read(text, Bounds()))["clock"] == [None, None]


@pytest.mark.parametrize("text", ["null", "[]", '{"Schema":2}', '{"Schema":2,"Results":null}', '{"Results":[]}'])
def test_a_report_without_findings_gives_no_record(text: str) -> None:
    chunk = read(text)
    assert (list(chunk.records), chunk.bad, chunk.next_no) == ([], [], 0)


def test_what_may_be_a_secret_is_neither_kept_nor_quarantined() -> None:
    weak = [{"ID": "1", "Match": "PLANTED", "Cause": {"Code": {"Lines": ["PLANTED"]}, "Line": 3}}, "PLANTED"]
    chunk = read(json.dumps({**REPORT, "Results": [{"Weak": weak}, "PLANTED"]}) + '\n{"PLANTED":1}\n{"PLANTED')
    assert [json.loads(bytes(r)) for r in chunk.records] == [{"ID": "1", "Cause": {"Line": 3}}]
    assert len(chunk.bad) == 4 and all(bad.data is None and bad.length for bad in chunk.bad)
    assert "PLANTED" not in str((chunk.records, chunk.attributes, chunk.bad))


@pytest.mark.parametrize(
    "weak",
    [
        '{"ID":"1","\\u004datch":"PLANTED"}',
        '{"ID":"1","Cause":{"\\u0043ode":"PLANTED"},"Cause":{}}',
        '{"ID":"1","Cause":[{"Code":"PLANTED"},[{"Code":"PLANTED"}]]}',
    ],
)
def test_no_other_way_to_write_it_keeps_a_secret(weak: str) -> None:
    chunk = read(f'{{"Schema":2,"Results":[{{"Weak":[{weak}]}}]}}')
    assert len(chunk.records) == 1 and not chunk.bad
    assert "PLANTED" not in str(chunk.records)


@pytest.mark.parametrize(
    ("source", "report"),
    [
        (
            checkov.SOURCE,
            {
                "check_result": {
                    "result": "FAILED",
                    "entity": {"aws_db": {"password": ["PLANTED"]}},
                    "evaluated_keys": [],
                }
            },
        ),
        (checkov.SOURCE, {"check_result": {"result": "PASSED", "results_configuration": {"env": "PLANTED"}}}),
        (checkov.SOURCE, {"connected_node": {"code_block": [[1, "PLANTED"]], "resource": "a"}, "resource": "b"}),
        (trivy.SOURCE, {"CauseMetadata": {"RenderedCause": {"Raw": "PLANTED"}, "StartLine": 1}}),
        (trivy.SOURCE, {"Finding": {"CauseMetadata": {"RenderedCause": {"Raw": "PLANTED"}, "StartLine": 1}}}),
    ],
)
def test_what_quotes_code_is_cut_out(source: Source, report: dict[str, Any]) -> None:
    """What graph checks say of a resource is its whole configuration, and not masked by the tool."""
    way = ("results", "failed_checks") if source is checkov.SOURCE else ("Results", "Misconfigurations")
    inner: Any = {way[1]: [report]}
    text = json.dumps({way[0]: inner if source is checkov.SOURCE else [inner], "check_type": "a"})
    (chunk,) = source.read(io.BytesIO(text.encode()), OBJECT)
    assert len(chunk.records) == 1
    assert "PLANTED" not in str((chunk.records, chunk.attributes, chunk.bad))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"bomFormat":"CycloneDX"}', "wrong type: no report of this tool"),
        ('{"Results":[{"Target":"a"}]}', "wrong type: no report of this tool"),
        ('{"Schema":2,"Results":"none"}', "wrong type: Results is no list"),
        ('{"Schema":2,"Results":[7]}', "wrong type: Results holds what is no JSON object"),
        ("[[1]]", "wrong type: a report that is no JSON object"),
        ('{"Schema":2,"Results":[{"Weak":[{"ID":"1"}]}],"Results":[]}', "wrong type: a member stands there twice"),
        ('{"Schema":2,"Results":[{"Weak":[{"ID":"1"}], "Weak" : []}]}', "wrong type: a member stands there twice"),
        ('{"Schema":2,"Results":[{"Weak":[7]}]}', "wrong type: a finding that is no JSON object"),
        ('{"Schema":2,"Results":[{', "not JSON"),
    ],
)
def test_what_is_no_report_is_put_aside(text: str, reason: str) -> None:
    chunk = read(text)
    assert len(chunk.bad) == 1 and reasons(chunk)[0].startswith(reason)
    assert not chunk.records


def test_surroundings_are_bounded() -> None:
    chunk = read(json.dumps({**REPORT, "Name": "x" * HEADER_BYTES}))
    assert [reason[:11] for reason in reasons(chunk)] == ["wrong type:"] and not chunk.records


def test_a_finding_of_its_own_stands_in_no_report() -> None:
    chunk = read('{"ID":"7"}\n{"ID":"8"}\n')
    assert each(chunk) == [None, None]
    assert columns(chunk)["ID"] == ['"7"', '"8"']


def test_a_finding_of_its_own_may_stand_in_an_answer() -> None:
    """What leads to reports may lead to findings themselves: these are not lost."""
    chunk = read('{"Schema":2,"At":"2026-03-02T10:15:00Z","Results":[{"ID":"7"},{"Target":"b"}]}')
    assert [bytes(record) for record in chunk.records] == [b'{"ID":"7"}']
    assert columns(chunk)["found_in"] == ["Results"]


def test_chunks_are_bounded_and_numbers_go_on() -> None:
    text = "\n".join([json.dumps(REPORT)] * 50)
    chunks = list(FRAMING(io.BytesIO(text.encode()), Bounds(chunk_bytes=1000)))
    assert len(chunks) > 5
    assert [number for chunk in chunks for number in chunk.numbers] == list(range(100))
    assert chunks[-1].consumed == len(text)


def test_what_lies_within_a_broken_report_stands_for_nothing() -> None:
    """It may look like a finding of its own, and would have another's surroundings."""
    text = json.dumps({"Schema": 2, "Results": [{"Weak": [{"ID": "1", "Deep": {"ID": "2"}}] * 2}]}, indent=1)
    chunk = read(text[:-9])
    assert (chunk.records, [bad.length for bad in chunk.bad], chunk.consumed) == ([], [len(text) - 9], len(text) - 9)
    after = read(f"{text}\n{text[:-9]}")
    assert len(after.records) >= 2 and after.bad
    assert len(read('{"Schema"\n' + json.dumps(REPORT)).records) == 2


@pytest.mark.parametrize("weak", [[{"ID": "1"}] * 3000, [1] * 3000], ids=["findings", "none"])
@pytest.mark.parametrize("each_alone", [False, True])
def test_what_stands_around_many_findings_fills_no_chunk(weak: list[Any], each_alone: bool) -> None:
    """A small document could make gigabytes of headers."""
    results = [{"Weak": [one]} for one in weak] if each_alone else [{"Weak": weak}]
    text = json.dumps({"Schema": 2, "Name": "x" * 9000, "Results": results}).encode()
    numbers = []
    for chunk in FRAMING(io.BytesIO(text), Bounds(chunk_bytes=100_000)):
        assert len(chunk.records) + len(chunk.bad) <= 24
        assert len(each(chunk) or []) == len(chunk.records)
        numbers += sorted([*chunk.numbers, *(bad.record_no for bad in chunk.bad)])
        assert chunk.next_no == len(numbers)
    assert numbers == list(range(3000))


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("s3://b/shop/2026/03/02/r.json", "s3://b/shop"),
        ("s3://b/shop/year=2026/r.json", "s3://b/shop"),
        ("s3://b/shop/r.json", "s3://b/shop"),
        ("r.json", None),
        (None, None),
    ],
)
def test_the_place_is_the_folder_up_to_its_date(uri: str | None, place: str | None) -> None:
    assert place_of(uri) == place
