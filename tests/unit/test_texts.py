"""Texts that lie in one: whatever the bytes, they are what a list of them would be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.decoders.lines import Header, LineColumns, Lines
from transforms.decoders.together import together
from transforms.lake.records import Bad, Chunk, Runs
from transforms.lake.texts import Texts

ANY = st.lists(st.binary(max_size=6), max_size=8)


@given(ANY)
def test_texts_of_records_are_these(records: list[bytes]) -> None:
    texts = Texts.of(records)
    assert list(texts) == records == [texts[i] for i in range(len(records))]
    assert texts.array().to_pylist() == records
    assert list(texts[1:3]) == records[1:3]
    assert texts.block() == b"\n".join(records)
    assert list(Texts.joined([texts, texts[:0], texts[1:]])) == records + records[1:]
    mask = np.array([len(record) > 2 for record in records], dtype=bool)
    assert list(texts.where(mask)) == [record for record in records if len(record) > 2]
    for opening in (b"", b"a", b"\n\r"):
        assert texts.all_begin(opening) == all(record.startswith(opening) for record in records)


@given(st.lists(st.sampled_from([b"", b"a", b"b\rc", b"\r", b"\n", b"\r\n", b"\xff"])).map(b"".join))
def test_lines_are_what_stands_between_line_ends(data: bytes) -> None:
    expected = [line.removesuffix(b"\r") for line in data.split(b"\n")]
    texts = Texts.lines(data)
    assert list(texts) == [line for line in expected if line]
    assert texts.block() == b"\n".join(texts)
    assert texts.array().to_pylist() == list(texts)


@given(
    st.lists(st.one_of(st.lists(st.sampled_from([b"", b"a", b"bc"]), min_size=1), st.binary(max_size=4)), min_size=1)
)
def test_blocks_hold_lines_or_one_text_with_line_ends(parts: list[list[bytes] | bytes]) -> None:
    each = [part if isinstance(part, list) else [part] for part in parts]
    counts = np.array([len(part) for part in each])
    texts = Texts.blocks([b"\n".join(part) for part in each], counts)
    assert list(texts) == [text for part in each for text in part]


@pytest.mark.parametrize("parts", [[(None, 2), (None, 1)], [({"a": 1}, 2), ({"a": 1}, 3)]])
def test_what_is_said_alike_of_all_stays_one(parts: list[tuple[dict[str, int] | None, int]]) -> None:
    assert Runs.joined(parts) == parts[0][0]


def test_what_is_said_of_runs_is_said_of_each() -> None:
    one, two = {"a": 1}, {"a": 2}
    runs = Runs.joined([(one, 2), (None, 1), ([two, one], 2), (Runs([two], [2]), 2)])
    assert isinstance(runs, Runs)
    assert list(runs) == [one, one, None, two, one, two, two] == [runs[i] for i in range(len(runs))]
    assert runs[2:5] == [None, two, one]
    with pytest.raises(IndexError):
        runs[7]
    chunk = Chunk(attributes=runs)
    chunk.tell({"b": 3})
    assert list(chunk.attributes or ()) == [{**(said or {}), "b": 3} for said in runs]


def chunk(first: int, texts: list[bytes], header: Header | None = None, said: dict[str, str] | None = None) -> Chunk:
    """Records with a bad piece behind them."""
    held = Chunk(numbers=range(first, first + len(texts)), records=texts, next_no=first + len(texts) + 1, control=1)
    held.bad = [Bad(first + len(texts), b"?", "why")]
    held.consumed, held.attributes = held.next_no * 10, said
    if header is not None:
        held.columns = LineColumns(Lines(), header, texts)
    return held


def test_small_chunks_become_one_and_lose_nothing() -> None:
    """Numbers, pieces, counts and what is said stay; chunks of other columns stay apart."""
    xy, yx = Header("x y", ("x", "y")), Header("y x", ("y", "x"))
    given_chunks = [
        chunk(0, [b"{}", b"[]"], said={"a": "1"}),
        chunk(3, [b"1"]),
        chunk(5, []),
        chunk(6, [b"1 2"], xy, {"a": "2"}),
        chunk(8, [b"3 4"], xy, {"a": "3"}),
        chunk(10, [b"5 6"], yx),
    ]
    found = list(together(given_chunks, 1 << 20))
    assert [list(one.records) for one in found] == [[b"{}", b"[]", b"1"], [b"1 2", b"3 4"], [b"5 6"]]
    assert [list(one.numbers) for one in found] == [[0, 1, 3], [6, 8], [10]]
    assert [[bad.record_no for bad in one.bad] for one in found] == [[2, 4, 5], [7, 9], [11]]
    assert [bad.attributes for one in found for bad in one.bad] == [
        {"a": "1"},
        None,
        None,
        {"a": "2"},
        {"a": "3"},
        None,
    ]
    assert [one.control for one in found] == [3, 2, 1]
    assert [one.next_no for one in found] == [6, 10, 12]
    assert [one.consumed for one in found] == [60, 100, 120]
    assert [list(one.attributes) for one in found[:2] if isinstance(one.attributes, Runs)] == [
        [{"a": "1"}, {"a": "1"}, None],
        [{"a": "2"}, {"a": "3"}],
    ]
    assert [one.columns(["x"])[0]["x"].to_pylist() for one in found[1:] if one.columns] == [[b"1", b"3"], [b"6"]]
    assert len(list(together(given_chunks, 1))) == 6


def test_what_holds_no_record_is_not_held_without_end() -> None:
    """Pieces that are no records take memory, and so does a chunk of next to nothing."""
    pieces = (Chunk(bad=[Bad(n, b"x" * 1000, "why")], next_no=n + 1) for n in range(10_000))
    assert max(sum(len(bad.data or b"") for bad in one.bad) for one in together(pieces, 1 << 16)) <= 1 << 17
    small = (Chunk(numbers=[n], records=[b"1"], next_no=n + 1) for n in range(10_000))
    assert max(len(one.records) for one in together(small, 1 << 20)) <= 1 << 10
    blank = b"\n" * (1 << 20)
    wide = (Chunk(numbers=[n], records=Texts.lines(blank + b"1"), next_no=n + 1) for n in range(20))
    assert max(len(one.records) for one in together(wide, 1 << 22)) <= 4


def test_a_piece_is_told_what_its_own_chunk_says() -> None:
    """Beside what it is told itself, and nothing that the chunks beside it say."""
    chunks = [chunk(0, [b"1"], said={"a": "1"}), Chunk(bad=[Bad(2, b"?", "why")], next_no=3)]
    chunks[0].bad[0].attributes = {"b": "2"}
    (one,) = together(chunks, 1 << 20)
    assert not isinstance(one.attributes, dict)
    assert [bad.attributes for bad in one.bad] == [{"a": "1", "b": "2"}, None]
