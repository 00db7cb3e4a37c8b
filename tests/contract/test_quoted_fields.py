"""A line with quotes is split in SQL as it was when it landed: identity and clock, and what is normalised, are one."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering import macros

from transforms.decoders.lines import quoted_fields

PIECES = st.sampled_from(['"', "\\", "[", "]", " ", ",", '","', "a", "é", "-", '"a b"', "[t +0000]", '\\"'])
QUERY = f"select {macros().quoted_texts('line')} from (select cast(? as varchar) as line)"


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=24).map("".join))
def test_sql_splits_as_landing_does(line: str) -> None:
    row = duckdb.execute(QUERY, [line]).fetchone()
    assert row is not None
    assert row[0] == [field.decode() for field in quoted_fields(line.encode())]
