"""The contender of the landing benchmark: the best that DuckDB's SQL alone does. FOLDER OUT VARIANT

It writes id, time, day, place and text of every record as zstd Parquet by day, and keeps no ledger, no evidence of
exact bytes, and no quarantine. `per_record` parses each record's text, `document` each document twice (texts, heads),
`extract` takes the texts by path.
"""

from __future__ import annotations

import sys
import time

import duckdb

HEAD = '{"eventID":"VARCHAR","eventTime":"TIMESTAMPTZ","recipientAccountId":"VARCHAR"}'
LIST = 'from_json(json, \'{"Records":["JSON"]}\').Records'
HEADS = f"unnest(from_json(json, '{{\"Records\":[{HEAD}]}}').Records) as h"
VARIANTS = {
    "per_record": f"select filename, raw, from_json(raw, '{HEAD}') as h "
    f"from (select filename, unnest({LIST}) as raw from docs)",
    "document": f"select filename, unnest({LIST}) as raw, {HEADS} from docs",
    "extract": f"select filename, unnest(json_extract(json, '$.Records[*]')) as raw, {HEADS} from docs",
}


def main(folder: str, out: str, variant: str) -> None:
    files = f"'{folder}/**/*.json.gz'"
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.execute("set preserve_insertion_order = false")
    started = time.perf_counter()
    con.execute(
        f"""
        copy (
            with docs as (
                select * from read_json_objects(
                    {files}, maximum_object_size = 1000000000, filename = true, format = 'unstructured'
                )
            )
            select sha256('aws_cloudtrail' || chr(10) || h.recipientAccountId || chr(10) || h.eventID) as event_uid,
                h.eventTime as event_time, cast(h.eventTime as date) as event_date, now() as landed_at,
                filename as object_uri, cast(raw as varchar) as raw
            from ({VARIANTS[variant]})
        ) to '{out}' (format parquet, compression zstd, compression_level 1, partition_by (event_date))
        """
    )
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
