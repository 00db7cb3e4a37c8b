"""Lines that a JSON document holds: each is a record with what the document says of them all, or a bad piece."""

from __future__ import annotations

import base64
import io
import json

import pytest

from transforms.decoders.framing import FIELDS, Bounds, ByContent
from transforms.decoders.json_records import envelope
from transforms.decoders.json_text import TextInJson, ToldLines
from transforms.decoders.lines import Lines, header_like

CSV = Lines(header=header_like("[a-z][a-z0-9_]*", (",",)), opens=b"u")
FRAMING = ByContent(
    text=ToldLines(lines=CSV, told=("made-at",)),
    json=TextInJson(text="Content", told={"MadeAt": "made-at"}, lines=CSV, expand=envelope()),
)
REPORT = "user,age\n<root>,1\nada,2\n"


def document(text: str = REPORT, **more) -> str:
    return json.dumps({"Content": base64.b64encode(text.encode()).decode(), "MadeAt": "2026-01-02T03:04:05Z", **more})


def read(data: str, **bounds):
    """(number, text, user, made at, attributes) of every record, and (number, reason) of what is bad."""
    records, bad, numbers = [], [], []
    for chunk in FRAMING(io.BytesIO(data.encode()), Bounds(**bounds)):
        bad += [(b.record_no, b.reason) for b in chunk.bad]
        numbers += [*chunk.numbers, *(b.record_no for b in chunk.bad)]
        if chunk.columns is None:
            continue
        columns, reasons = chunk.columns(("user", "made-at"))
        for index, (number, raw) in enumerate(zip(chunk.numbers, chunk.records, strict=True)):
            if index in reasons:
                bad.append((number, reasons[index]))
                continue
            user, made = (columns[name][index].as_py() if name in columns else None for name in ("user", "made-at"))
            records.append((number, bytes(raw), user, made, chunk.attributes))
    assert sorted(numbers) == list(range(bounds.get("first_no", 0), chunk.next_no))
    return records, bad


@pytest.mark.parametrize(
    "content", [base64.b64encode(REPORT.encode()).decode(), base64.encodebytes(b"" + REPORT.encode()).decode(), REPORT]
)
def test_the_lines_of_a_document_in_base64_or_plain(content):
    records, bad = read(json.dumps({"Content": content, "MadeAt": "2026-01-02T03:04:05Z"}, indent=1))
    told = {FIELDS: "user,age", "made-at": "2026-01-02T03:04:05Z"}
    assert records == [
        (0, b"<root>,1", b"<root>", b"2026-01-02T03:04:05Z", told),
        (1, b"ada,2", b"ada", b"2026-01-02T03:04:05Z", told),
    ]
    assert bad == []


def test_a_record_that_was_put_aside_is_read_as_it_was():
    attributes = json.dumps({FIELDS: "user,age", "made-at": "2026-01-02T03:04:05Z"})
    assert [r[:4] for r in read("ada,2\n", attributes=attributes)[0]] == [
        (0, b"ada,2", b"ada", b"2026-01-02T03:04:05Z")
    ]


def test_lines_alone_are_told_nothing():
    records, bad = read(REPORT)
    assert [r[1:4] for r in records] == [(b"<root>,1", b"<root>", None), (b"ada,2", b"ada", None)] and bad == []
    assert records[0][4] == {FIELDS: "user,age"}


def test_lines_are_numbered_over_all_documents():
    data = "\n".join(
        [document(), '{"Content":', document("user,age\nbob,3\neve\n"), '{"x":1}', '{"Content":7}', document()]
    )
    records, bad = read(data, first_no=5)
    assert [(number, raw) for number, raw, *_ in records] == [
        (5, b"<root>,1"), (6, b"ada,2"), (8, b"bob,3"), (12, b"<root>,1"), (13, b"ada,2"),
    ]  # fmt: skip
    assert [number for number, _ in sorted(bad)] == [7, 9, 10, 11]
    assert sorted(bad)[1] == (9, "1 fields where the header names 2")
    assert sorted(bad)[2] == (10, "wrong type: no member 'Content'")


def test_bytes_that_are_no_text_are_no_header():
    records, bad = read(json.dumps({"Content": base64.b64encode(b"\xff\x00\n").decode(), "MadeAt": "x"}))
    assert records == [] and [reason for _, reason in bad] == ["no header, and of no known layout"]
