"""Lines that are rows of columns: each is a record below its own header, or a bad piece; nothing is lost or misread."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.decoders import lines
from transforms.decoders.framing import FIELDS, Bounds, ByContent
from transforms.decoders.json_records import envelope
from transforms.decoders.json_rows import JsonRows
from transforms.decoders.lines import (
    Header,
    LineColumns,
    Lines,
    directive,
    first_line,
    header_like,
    hyphened,
    quoted_fields,
)
from transforms.errors import ConfigError, DataError
from transforms.sources.base import Source, Table

WORDS = Lines(
    header=header_like("[a-z][a-z0-9_-]*", (" ", ",")),
    opens=b"abcdefghijklmnopqrstuvwxyz",
    layouts=(Header("x y", ("x", "y")), Header("x y z", ("x", "y", "z"))),
    loose="free",
)
NAMES = ("x", "y", "z", "free", "last")
HEADER = Header("x y z free last", NAMES, least=2)


def read(framing, data: bytes, **bounds):
    """(number, text, its columns, its header) of every record, and (number, text, reason) of what is bad."""
    records, bad = [], []
    expected = bounds.get("first_no", 0)
    for chunk in framing(io.BytesIO(data), Bounds(**bounds)):
        assert len(chunk.numbers) == len(chunk.records)
        bad += [(b.record_no, b.data, b.reason) for b in chunk.bad]
        if chunk.columns is not None:
            columns, reasons = chunk.columns(NAMES)
            for index, (number, raw) in enumerate(zip(chunk.numbers, chunk.records, strict=True)):
                if index in reasons:
                    bad.append((number, bytes(raw), reasons[index]))
                else:
                    row = {name: column[index].as_py() for name, column in columns.items()}
                    records.append((number, bytes(raw), row, chunk.attributes[FIELDS]))
        expected = max(expected, chunk.next_no)
        last = chunk
    assert sorted(n for n, *_ in records + bad) == list(range(bounds.get("first_no", 0), expected))
    return records, bad, last


def rows(framing, data: bytes, **bounds):
    records, bad, _ = read(framing, data, **bounds)
    assert bad == []
    return [row for _, _, row, _ in records]


def test_each_row_is_read_by_the_header_above_it():
    data = b"y x\n1 2\n3 4\n\nx last y\n5 6 7\nx last y\n8 9 10\n"
    records, bad, _ = read(WORDS, data)
    assert [(n, raw, header) for n, raw, _, header in records] == [
        (0, b"1 2", "y x"), (1, b"3 4", "y x"), (2, b"5 6 7", "x last y"), (3, b"8 9 10", "x last y"),
    ]  # fmt: skip
    assert [row for _, _, row, _ in records] == [
        {"y": b"1", "x": b"2"}, {"y": b"3", "x": b"4"}, {"x": b"5", "last": b"6", "y": b"7"},
        {"x": b"8", "last": b"9", "y": b"10"},
    ]  # fmt: skip
    assert bad == []


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 1000])
def test_chunks_do_not_matter(size):
    data = b"\xef\xbb\xbfy x\r\n1 2\r\n3 4\r\nx,y\r\n5,6\r\n1 2 3 4 5\r\n"
    whole, pieces = read(WORDS, data), read(WORDS, data, chunk_bytes=size)
    assert whole[:2] == pieces[:2]
    assert [raw for _, raw, *_ in whole[0]] == [b"1 2", b"3 4", b"5,6"]
    assert [reason for _, _, reason in whole[1]] == ["1 fields where the header names 2"]
    assert whole[2].consumed == pieces[2].consumed == len(data)


def test_without_a_header_the_number_of_fields_decides():
    records, bad, _ = read(WORDS, b"1 2\n3 4 5\n6 7\n8\n9 9 9 9\n")
    assert [(n, header) for n, _, _, header in records] == [(0, "x y"), (1, "x y z"), (2, "x y")]
    assert bad == [(3, b"8", "no header, and of no known layout"), (4, b"9 9 9 9", "no header, and of no known layout")]


def test_a_header_that_lies_and_a_value_with_spaces():
    records, bad, _ = read(WORDS, b"x free y\n1 2 3\n1 two and a half 3\n1 2\n1  3\n")
    assert [row for _, _, row, _ in records] == [
        {"x": b"1", "free": b"2", "y": b"3"},
        {"x": b"1", "free": b"two and a half", "y": b"3"},
        {"x": b"1", "free": b"", "y": b"3"},
    ]
    assert bad == [(2, b"1 2", "2 fields where the header names 3")]
    assert rows(WORDS, b"x x y\n1 2 3\n") == [{"x": b"1", "y": b"3"}], "of two columns with one name the first"


def test_nothing_but_a_header_and_nothing_at_all():
    for data in (b"x y\n", b"x y", b"", b"\n\r\n\n", b"\xef\xbb\xbf"):
        records, bad, last = read(WORDS, data)
        assert (records, bad, last.next_no, last.consumed) == ([], [], 0, len(data))


def test_bytes_that_are_no_text():
    data = b"x y\n1 \xff\n2 a\0b\n3 a\rb\n4 \xe2\x82\xac\n"
    assert [row["y"] for row in rows(WORDS, data)] == [b"\xff", b"a\0b", b"a\rb", "€".encode()]
    binary = bytes(b for b in range(256) if b not in b" ,") * 3
    records, bad, _ = read(WORDS, binary)
    assert records == [] and b"\n".join(piece for _, piece, _ in bad) == binary


def test_a_giant_line_is_bad_and_what_stands_beside_it_is_not():
    data = b"x y\n1 2\n3 " + b"4" * 100 + b"\n5 6\n"
    records, bad, _ = read(WORDS, data, max_record=50, chunk_bytes=16)
    assert [n for n, *_ in records] == [0, 2]
    assert bad == [(1, b"3 " + b"4" * 100, "record of 102 bytes is over the limit of 50")]
    with pytest.raises(DataError, match="over 64 bytes without a record boundary"):
        read(WORDS, data, chunk_bytes=16, max_document=64)


def test_a_header_does_not_outgrow_what_it_stands_beside(monkeypatch):
    """It is repeated beside every record: chunks get smaller, and one that is too long is none."""
    monkeypatch.setattr(lines, "REPEATED_BYTES", 40)
    chunks = list(WORDS(io.BytesIO(b"x last-name\n" + b"1 2\n" * 9), Bounds()))
    assert [len(chunk.numbers) for chunk in chunks] == [3, 3, 3]
    assert [n for chunk in chunks for n in chunk.numbers] == list(range(9))
    header = b"x " + b"y" * lines.HEADER_BYTES
    _, bad, _ = read(Lines(header=WORDS.header, opens=WORDS.opens), header + b"\n1 2\n")
    assert [(n, reason) for n, _, reason in bad] == [(n, "no header, and of no known layout") for n in (0, 1)]


def test_an_unfinished_line_waits():
    plain = Lines(layouts=(Header("x y", ("x", "y")),))
    records, bad, last = read(plain, b"1 2\n3 4", final=False)
    assert ([r[1] for r in records], bad, last.consumed, last.next_no) == ([b"1 2"], [], 4, 1)
    records, _, last = read(plain, b"3 4\n", final=False, first_no=1)
    assert [(n, raw) for n, raw, *_ in records] == [(1, b"3 4")] and last.consumed == 4
    assert plain.appendable and not WORDS.appendable
    table = Table(identity=("x",), needed=("x",), clock_columns=("y",), clock=lambda columns: columns["y"])
    about = {"name": "a", "title": "a", "vendor": "a", "domain": "a", "documentation": "a", "table": table}
    with pytest.raises(ConfigError, match="must read them from the beginning"):
        Source(**about, framing=WORDS, grows=True)
    assert Source(**about, framing=plain, grows=True).grows
    with pytest.raises(ConfigError, match="either head, identity and clock, or table"):
        Source(**{**about, "table": None})


def test_a_record_that_was_put_aside_keeps_its_header():
    attributes = json.dumps({FIELDS: "y,x", "bucket": "b"})
    assert rows(WORDS, b"1,2", attributes=attributes) == [{"y": b"1", "x": b"2"}]
    assert rows(WORDS, b"1 2", attributes=json.dumps({FIELDS: "x y"})) == [{"x": b"1", "y": b"2"}]
    assert rows(WORDS, b"y x\n1 2", attributes=json.dumps({"bucket": "b"})) == [{"y": b"1", "x": b"2"}]


values = st.binary(max_size=4).map(lambda b: b.translate(None, b"\n\r ")) | st.sampled_from([b"-", b"OK", b"a"])
many = st.lists(st.lists(values, min_size=1, max_size=4).map(b" ".join), max_size=12)


@given(many)
def test_all_at_once_is_as_one_by_one(given_lines):
    """The quick way gives what splitting each line gives, whatever the bytes."""
    header = Header("x y z", ("x", "y", "z"))
    framing = Lines(layouts=(header,))
    records = [line for line in given_lines if line]
    columns, reasons = LineColumns(framing, header, records)(("z", "x"))
    for index, record in enumerate(records):
        fields = record.split(b" ")
        if len(fields) == 3:
            assert index not in reasons
            assert (columns["x"][index].as_py(), columns["z"][index].as_py()) == (fields[0], fields[2])
        else:
            assert reasons[index] == f"{len(fields)} fields where the header names 3"


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_byte_is_lost(data, size):
    records, bad, last = read(WORDS, data, chunk_bytes=size)
    pieces = [raw for _, raw, *_ in records] + [raw for _, raw, _ in bad]
    text = data.removeprefix(b"\xef\xbb\xbf")
    headers = [line.removesuffix(b"\r") for line in text.split(b"\n")]
    headers = [line for line in headers if line and WORDS.header(line, False) is not None]
    assert sorted(pieces + headers) == sorted(
        line for line in (part.removesuffix(b"\r") for part in text.split(b"\n")) if line
    )
    assert last.consumed == len(data)


# --- other formats --------------------------------------------------------------------------------------------------


def test_a_w3c_log_with_directives():
    log = Lines(header=directive("#Fields:", "\t"), opens=b"#")
    data = b"#Version: 1.0\n#Fields: x y free\n1\t2\ta b\n#Fields: y x\n3\t4\n"
    records, bad, _ = read(log, data)
    assert [(row, header) for _, _, row, header in records] == [
        ({"x": b"1", "y": b"2", "free": b"a b"}, "#Fields: x y free"),
        ({"y": b"3", "x": b"4"}, "#Fields: y x"),
    ]
    assert bad == []
    assert rows(log, b"1\t2", attributes=json.dumps({FIELDS: "#Fields: y x"})) == [{"y": b"1", "x": b"2"}]


def test_csv_with_its_names_in_the_first_line():
    report = Lines(header=first_line(","))
    assert rows(report, b"x,y\nroot,N/A\n<root_account>,2026-11-01T00:00:00+00:00\n") == [
        {"x": b"root", "y": b"N/A"},
        {"x": b"<root_account>", "y": b"2026-11-01T00:00:00+00:00"},
    ]


def test_quotes_brackets_and_fields_that_were_appended_later():
    log = Lines(layouts=(Header("x y z last", ("x", "y", "z", "last")),), quoted=True, grows_right=True)
    data = b'a [06/Feb/2026:00:00:38 +0000] "GET /a \\"b\\" HTTP/1.1" 1\nb [::1]:80 "" 2 new newer\nc [t]\n'
    assert rows(log, data) == [
        {"x": b"a", "y": b"06/Feb/2026:00:00:38 +0000", "z": b'GET /a \\"b\\" HTTP/1.1', "last": b"1"},
        {"x": b"b", "y": b"[::1]:80", "z": b"", "last": b"2"},
        {"x": b"c", "y": b"[t]", "z": None, "last": None},
    ]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b'a "h2","http/1.1" b', [b"a", b'"h2","http/1.1"', b"b"]),
        (b'"" "a', [b"", b'"a']),
        (b'"a\\" b', [b"a\\", b"b"]),
        (b"[a [b c]", [b"a [b c"]),
        (b"[] [ ] [" + b"x" * 65 + b" y]", [b"[]", b" ", b"[" + b"x" * 65, b"y]"]),
        (b'"', [b'"']),
        (b'"," "a" ","', [b",", b"a", b","]),
    ],
)
def test_quotes_that_are_odd(line, fields):
    assert quoted_fields(line) == fields


def test_layouts_that_grow_are_told_by_how_their_lines_begin():
    log = Lines(
        layouts=(
            Header("x y last", ("x", "y", "last"), begins=(b"http ", b"ws "), least=2),
            Header("z x", ("z", "x"), begins=(b"2",)),
            Header("y z", ("y", "z"), least=3),
        ),
        quoted=True,
        grows_right=True,
    )
    records, bad, _ = read(log, b'http "a b"\n2026 1 2 3\nws a b c\nhttp \ntcp\ntcp 1 2\n')
    assert [(n, row, header) for n, _, row, header in records] == [
        (0, {"x": b"http", "y": b"a b", "last": None}, "x y last"),
        (1, {"z": b"2026", "x": b"1"}, "z x"),
        (2, {"x": b"ws", "y": b"a", "last": b"b"}, "x y last"),
        (5, {"y": b"tcp", "z": b"1"}, "y z"),
    ]
    assert sorted(bad) == [
        (3, b"http ", "1 fields where there are 2 at least"),
        (4, b"tcp", "1 fields where there are 3 at least"),
    ]
    alike, bad, _ = read(log, b"http a b\nhttp c d\n")  # one look tells the layout of all
    assert [(row["x"], header) for _, _, row, header in alike] == [(b"http", "x y last")] * 2 and not bad


# --- JSON -----------------------------------------------------------------------------------------------------------

MIXED = ByContent(
    text=WORDS,
    json=JsonRows(expand=envelope("logEvents"), rename=str.lower, message="message", lines=WORDS),
)


def test_json_objects_are_rows_and_messages_are_lines():
    data = b'{"logEvents":[{"X":1,"y":null},{"X":2.0,"y":"a"},{"message":"5 6\\n"},{"message":"7"},{"X":true},3]}'
    records, bad, _ = read(MIXED, data)
    assert [(n, raw, row, header) for n, raw, row, header in sorted(records, key=lambda r: r[0])] == [
        (0, b'{"X":1,"y":null}', {"x": b"1", "y": None}, ["X", "y"]),
        (1, b'{"X":2.0,"y":"a"}', {"x": b"2", "y": b"a"}, ["X", "y"]),
        (2, b"5 6", {"x": b"5", "y": b"6"}, "x y"),
        (4, b'{"X":true}', {"x": b"true"}, ["X"]),
    ]
    assert bad == [(3, b"7", "no header, and of no known layout"), (5, b"3", "not a JSON object")]


def test_content_decides_on_the_framing():
    assert rows(MIXED, b"\xef\xbb\xbf\n") == rows(MIXED, b"") == []
    assert rows(MIXED, b"1 2\n") == rows(MIXED, b'\xef\xbb\xbf\n {"x":1,"y":2}') == [{"x": b"1", "y": b"2"}]
    assert hyphened("Account_ID,b", ",") == ("account-id", "b")


FIELD = st.sampled_from(
    [b"a", b"-", b'"a b"', b'""', b"[t +0000]", b'"a","b"', b"[::1]:80", b"[a]", b"x[y", b'"[t +0000]"']
)
ODD = st.sampled_from([b'"', b"\\", b"[", b"]", b" ", b",", b'","', b"\r", b"\n", b"\x1f", b"\xff", b'\\"', b"[t  +]"])
LONG = st.sampled_from(
    [b"[" + b"a" * 64 + b" b]", b"[" + b"a" * 65 + b" b]", b"[a " + b"b" * 64 + b"]", b"[a " + b"b" * 70 + b"]"]
)


@given(
    good=st.lists(st.lists(FIELD | LONG, min_size=2, max_size=4).map(b" ".join), max_size=8),
    odd=st.lists(st.lists(FIELD | ODD | LONG, min_size=1, max_size=9).map(b"".join), max_size=4),
    seed=st.randoms(),
)
def test_quoted_lines_give_together_what_each_gives_alone(good, odd, seed):
    records = [*good, *odd, b"a b c"]
    seed.shuffle(records)
    quoted = Lines(layouts=(HEADER,), quoted=True, grows_right=True)
    together = LineColumns(quoted, HEADER, records)(NAMES)
    alone = lines._one_by_one(quoted, HEADER, records, [*NAMES])
    assert {name: column.to_pylist() for name, column in together[0].items()} == {
        name: column.to_pylist() for name, column in alone[0].items()
    }
    assert together[1] == alone[1]


@given(many)
def test_columns_side_by_side_are_the_columns_below_one_another(given_lines):
    """Whatever the bytes: joined by line ends the pieces are what the columns are, in fewer pieces."""
    records = [line for line in given_lines if line.count(b" ") == 2 and all(line.split(b" "))]
    for separator in (b" ", b","):
        texts = [line.replace(b",", b".").replace(b" ", separator) for line in records]
        found = LineColumns(Lines(), Header("x y z", ("x", "y", "z"), separator), texts)
        wanted = ("x", "y", "none", "z", "x")
        parts = found.side_by_side(wanted, ("x",))
        if not texts:
            assert parts is None
            continue
        assert parts is not None and len(parts) == 4 and parts[1] is None
        pieces = [[b"-"] * len(texts) if part is None else part.to_pylist() for part in parts]
        columns, _ = found(wanted)
        single = [columns[name].to_pylist() if name in columns else [b"-"] * len(texts) for name in wanted]
        joined = [b"\n".join(row) for row in zip(*pieces, strict=True)]
        assert joined == [b"\n".join(row) for row in zip(*single, strict=True)]
        assert found.side_by_side(wanted, ("none",)) is None


def test_a_field_too_many_is_nowhere_side_by_side():
    assert LineColumns(Lines(), Header("x y", ("x", "y")), [b"1 2", b"1 2 3"]).side_by_side(("x",), ()) is None
    assert LineColumns(Lines(), Header("x x", ("x", "x")), [b"1 2"]).side_by_side(("x",), ()) is None


def test_a_first_line_shorter_than_any_opening_says_nothing_of_the_others():
    """A layout is known by how a line begins, whatever its first line lacks."""
    plain, marked = Header("x y", ("x", "y"), least=1), Header("z y", ("z", "y"), begins=(b"tls ",), least=1)
    framing = Lines(layouts=(plain, marked), grows_right=True)
    records, bad, _ = read(framing, b"t\ntls 1\nt 2\n")
    assert not bad
    assert [(raw, header) for _, raw, _, header in records] == [(b"t", "x y"), (b"tls 1", "z y"), (b"t 2", "x y")]
