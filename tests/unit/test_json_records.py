"""Records out of bytes: each framing, exact slices, order, numbers, and what is none of it."""

from __future__ import annotations

import io
import json
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.decoders import json_records
from transforms.decoders.json_records import Expand, envelope, read_records
from transforms.errors import DataError

EXPAND = envelope("Records", "Events")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts
keys = texts.filter(lambda key: key not in ("Records", "Events"))
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(keys, v, max_size=3), max_leaves=6)
objects = st.dictionaries(keys, values, max_size=4)


@st.composite
def record(draw) -> bytes:
    """The text of one object, in one of the ways to write it on a line."""
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" , ", " :\t")]))
    text = json.dumps(draw(objects), ensure_ascii=draw(st.booleans()), separators=separators)
    return text.encode()


records = st.lists(record(), max_size=8)


def pretty(text: bytes) -> bytes:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False).encode()


def lines_of_envelopes(items: list[bytes]) -> bytes:
    return b"".join(b'{"Records":[' + b",".join(items[i : i + 3]) + b"]}\n" for i in range(0, len(items), 3))


FRAMINGS = {
    "envelope": lambda items: b'{"Records":[' + b",".join(items) + b"]}",
    "envelope with neighbours": lambda items: b'{"a":[1],"Records": [' + b" , ".join(items) + b'],"next":null}\n',
    "other envelope": lambda items: b'{"Events":[' + b",".join(items) + b"]}",
    "array": lambda items: b"[\n" + b",\n".join(items) + b"\n]\n",
    "lines": lambda items: b"".join(item + b"\n" for item in items),
    "lines, the last open": b"\n".join,
    "lines of Windows": lambda items: b"".join(item + b"\r\n" for item in items),
    "lines with a mark": lambda items: b"\xef\xbb\xbf" + b"".join(item + b"\n" for item in items),
    "lines with gaps": b"\n \n".join,
    "lines of envelopes": lines_of_envelopes,
    "concatenated": b"".join,
    "concatenated, spaced": b"  ".join,
    "list without brackets": b",\n".join,
}


def read(data: bytes, **options) -> tuple[list[bytes], list]:
    chunks = list(read_records(io.BytesIO(data), EXPAND, **options))
    numbers = [n for chunk in chunks for n in chunk.numbers]
    bad = [b for chunk in chunks for b in chunk.bad]
    first = options.get("first_no", 0)
    taken = sorted(numbers + [b.record_no for b in bad])
    assert taken == list(range(first, first + len(taken))), "every number once"
    assert chunks[-1].next_no == first + len(taken)
    assert numbers == sorted(numbers)
    assert all(a.consumed <= b.consumed for a, b in pairwise(chunks))
    return [bytes(r) for chunk in chunks for r in chunk.records], bad


@pytest.mark.parametrize("framing", FRAMINGS)
@given(items=records, chunk_bytes=st.integers(1, 500))
def test_slices_are_exact_and_in_order(framing, items, chunk_bytes):
    found, bad = read(FRAMINGS[framing](items), chunk_bytes=chunk_bytes)
    assert (found, bad) == (items, [])


@pytest.mark.parametrize("wrap", [b"%b", b'{"Records":[%b]}', b"[%b]"])
@given(items=records, chunk_bytes=st.integers(1, 500))
def test_pretty_printed(wrap, items, chunk_bytes):
    written = [pretty(item) for item in items]
    between = b"\n" if wrap == b"%b" else b",\n"
    found, bad = read(wrap % between.join(written), chunk_bytes=chunk_bytes)
    assert (found, bad) == (written, [])


@given(
    items=records.filter(bool), junk=st.binary(min_size=1, max_size=20), at=st.integers(0, 8), size=st.integers(1, 99)
)
def test_a_bad_line_costs_no_other(items, junk, at, size):
    """Whatever stands in a line of its own: the records around it come out, and its bytes are kept."""
    line = b"\x00" + junk.replace(b"\n", b"")
    at = min(at, len(items))
    found, bad = read(b"".join(x + b"\n" for x in [*items[:at], line, *items[at:]]), chunk_bytes=size)
    assert found == items
    assert [b.data for b in bad] == [line.strip(b" \t\r\n")]


@given(items=records.filter(bool), cut=st.integers(0, 10_000), framing=st.sampled_from(["lines", "concatenated"]))
def test_a_growing_object_is_cut_at_its_last_whole_record(items, cut, framing):
    """Read up to anywhere, then go on from where it ended: the same records as at once."""
    data = FRAMINGS[framing](items)
    cut %= len(data) + 1
    chunks = list(read_records(io.BytesIO(data[:cut]), EXPAND, final=False, chunk_bytes=50))
    first = [bytes(r) for c in chunks for r in c.records]
    assert not [b for c in chunks for b in c.bad]
    consumed, number = chunks[-1].consumed, chunks[-1].next_no
    assert consumed <= cut and number == len(first)
    rest, bad = read(data[consumed:], first_no=number)
    assert (first + rest, bad) == (items, [])


@given(items=records.filter(bool), cut=st.integers(1, 10_000))
def test_a_final_object_that_is_cut_off_keeps_what_is_left(items, cut):
    data = b"\n".join(items)
    cut = 1 + cut % len(data)
    found, bad = read(data[:cut])
    assert found == items[: len(found)]
    assert len(bad) == (0 if data[:cut].endswith(b"\n") or b"\n".join(items[: len(found)]) == data[:cut] else 1)


odd = st.sampled_from(
    [b"", b" \t", b"{", b"}", b"[", b"]", b",", b'{"a":', b"1", b"null", b'"', b"{x}", b"\xff", b"{}{}", b"[{}]"]
)
odd |= st.sampled_from([b'{"Records":1}', b'{"Records":[{}]}', b'{"Events":[{"a":1},{}]}', b'{"\\u0052ecords":[{}]}'])


@given(
    lines=st.lists(record() | odd | record().map(pretty)),
    together=st.integers(1, 99),
    final=st.booleans(),
    limit=st.sampled_from([6, 16 << 20]),
    end=st.sampled_from([b"", b"\n"]),
)
def test_lines_together_are_what_each_is_alone(lines, together, final, limit, end):
    data = b"\n".join(lines) + end
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_records, "TOGETHER", together)
        seen = [
            [(c.numbers, list(map(bytes, c.records)), c.bad, c.next_no, c.consumed) for c in chunks]
            for expand in (EXPAND, Expand(EXPAND.one))
            for chunks in [read_records(io.BytesIO(data), expand, final=final, max_record=limit)]
        ]
    assert seen[0] == seen[1]


def test_more_values_than_any_limit():
    """jq's output of a long log, and the same without line breaks."""
    items = [b'{"i": %d}' % i for i in range(3000)]
    assert read(b"".join(items)) == (items, [])
    written = [pretty(item) for item in items]
    assert read(b"\n".join(written), chunk_bytes=1000) == (written, [])


def test_lists_under_several_names_all_count():
    assert read(b'{"Records":[{"a":1}],"Events":[{"b":2}]}')[0] == [b'{"a":1}', b'{"b":2}']


@pytest.mark.parametrize(
    ("data", "records_", "reasons"),
    [
        (b"", [], []),
        (b" \r\n\t", [], []),
        (b"\xef\xbb\xbf", [], []),
        (b"[]", [], []),
        (b'{"Records":[]}', [], []),
        (b"null", [b"null"], []),
        (b'"text"', [b'"text"'], []),
        (b"[1,null,[2]]", [b"1", b"null", b"[2]"], []),
        (b'{"Records":null}', [b'{"Records":null}'], []),
        (b'{"Records":[1],"Records":[2]}', [b'{"Records":[1],"Records":[2]}'], []),
        (b'{"Records":[1],"a":{"Records":[2]}}', [b"1"], []),
        (b'{"Records":{"a":1}}', [b'{"Records":{"a":1}}'], []),
        (b'{"Records":[1],"\xe9":1,"Records":[2]}', [], ["not JSON: "]),
        (b'{"a":1e999}', [b'{"a":1e999}'], []),
        (b'{"a":1,"a":2}', [b'{"a":1,"a":2}'], []),
        (b'{"a":NaN}', [], ["not JSON: "]),
        (b'{"a":1}{"a":NaN}{"a":2}', [b'{"a":1}', b'{"a":2}'], ["not JSON: "]),
        (b"not json at all", [], ["not JSON: "]),
        (b"\xff\xfe{\x00}\x00", [], ["not JSON: "]),
        (b"\x00\x00", [], ["not JSON: "]),
        (b'{"a":"\x00"}', [], ["not JSON: "]),
        (b'{"a":1}\x00', [b'{"a":1}'], ["not JSON: "]),
        (b'{"a":1} garbage\n{"b":2}', [b'{"a":1}', b'{"b":2}'], ["not JSON: "]),
        (b'{\n"a":1\n} garbage\n{"b":2}', [b'{\n"a":1\n}', b'{"b":2}'], ["not JSON: "]),
        (b'[{"a":1},', [], ["not JSON: "]),
        (b'[{"a":1},{"b":}]', [], ["not JSON: "]),
        (b'{"a":"\\ud800"}', [], ["not JSON: "]),
        (b'{"a":' + b"1" * 5000 + b"x}", [], ["not JSON: "]),
        (b'{"a":' + b"1" * 5000 + b',"b":NaN}\n{"b":2}', [b'{"b":2}'], ["not JSON: "]),
        (b"[" * 200_000, [], ["nested too deeply"]),
        (b'{"a":' * 200_000, [], ["nested too deeply"]),
        (b'{"a":1}\n' + b"[" * 200_000 + b'\n{"b":2}', [b'{"a":1}', b'{"b":2}'], ["nested too deeply"]),
        (b",,,\n", [], []),  # separators and nothing else
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else None,
)
def test_odd_input(data, records_, reasons):
    found, bad = read(data)
    assert found == records_
    assert len(bad) == len(reasons)
    assert all(b.reason.startswith(reason) for b, reason in zip(bad, reasons, strict=True))


def test_a_record_over_the_limit_is_bad_and_no_other():
    big = b'{"a":"' + b"x" * 1000 + b'"}'
    for data in (b'[{"b":1},' + big + b',{"c":1}]', b'{"b":1}\n' + big + b'\n{"c":1}\n'):
        found, bad = read(data, max_record=500, chunk_bytes=64)
        assert found == [b'{"b":1}', b'{"c":1}']
        assert [(b.record_no, b.data, b.length, b.reason) for b in bad] == [
            (1, big, len(big), f"record of {len(big)} bytes is over the limit of 500")
        ]


def test_a_large_document_comes_in_pieces():
    items = [b'{"i":%d}' % i for i in range(1000)]
    chunks = list(read_records(io.BytesIO(FRAMINGS["envelope"](items)), EXPAND, chunk_bytes=500))
    assert max(sum(map(len, map(bytes, chunk.records))) for chunk in chunks) < 520
    assert [bytes(r) for chunk in chunks for r in chunk.records] == items


def test_a_document_over_the_limit_condemns_the_object():
    with pytest.raises(DataError, match="document over 5000 bytes without a record boundary"):
        read(b'[{"a":1},' + b" " * 10_000 + b"{}]", max_document=5000, chunk_bytes=100)


@pytest.mark.parametrize("line", [b"[1,\n", b"{x\n", b'[{"a":1},\n', b'["\n', b"[1," + b"1," * 5000 + b"\n"])
def test_hostile_lines_cost_no_square(line):
    """Every line begins a value that never ends: a second or two, not hours."""
    import time

    began = time.process_time()
    _, bad = read(line * (1_000_000 // len(line)))
    assert bad and time.process_time() - began < 20


def test_expand_refuses_what_is_no_json():
    with pytest.raises(msgspec.DecodeError):
        EXPAND(b"{]")
