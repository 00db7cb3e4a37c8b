"""The physical limit of landing: gunzip, and the records' texts as zstd Parquet; nothing is parsed. FOLDER OUT

Where each record ends is found beforehand, outside of the time that is taken; `--cut` cuts the records out of their
documents within it, as no reader of such logs is spared. Two processes, the objects shared out between them, with the
same gunzip, Parquet writer and settings as landing. Prints the seconds.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from isal import igzip

from transforms.lake.arrow import keep_memory
from transforms.lake.envelope import text_array
from transforms.lake.table import PARQUET

PROCESSES = 2
DECODE = msgspec.json.Decoder(msgspec.defstruct("Envelope", [("Records", list[msgspec.Raw])])).decode


def ends_of(path: str) -> bytes:
    """Offsets at which the records end, each but the last with the comma behind it; the head belongs to the first."""
    body = igzip.decompress(Path(path).read_bytes())
    lengths = np.array([len(memoryview(raw)) + 1 for raw in DECODE(body).Records], np.int64)
    ends = len(b'{"Records":[') + np.cumsum(lengths)
    ends[-1] = len(body)
    return np.concatenate([[0], ends]).astype(np.int32).tobytes()


def texts_of(body: bytes, ends: bytes) -> pa.StringArray:
    if not ends:
        return text_array(DECODE(body).Records)[0]
    return pa.StringArray.from_buffers(len(ends) // 4 - 1, pa.py_buffer(ends), pa.py_buffer(body))


def write(paths: list[str], offsets: list[bytes], out: str) -> None:
    with pq.ParquetWriter(out, pa.schema([("raw", pa.string())]), **PARQUET) as writer:
        for path, ends in zip(paths, offsets, strict=True):
            body = igzip.decompress(Path(path).read_bytes())
            writer.write_table(pa.table({"raw": texts_of(body, ends)}))


def main(folder: str, out: str, *, cut: bool) -> None:
    paths = [str(p) for p in sorted(Path(folder).rglob("*.json.gz"))]
    Path(out).mkdir()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), initializer=keep_memory) as pool:
        offsets = list(pool.map(ends_of, paths, chunksize=8))  # in both cases: the processes are warm
        if cut:
            offsets = [b""] * len(paths)
        started = time.perf_counter()
        parts = [
            pool.submit(write, paths[n::PROCESSES], offsets[n::PROCESSES], f"{out}/{n}.parquet")
            for n in range(PROCESSES)
        ]
        for part in parts:
            part.result()
        print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*[a for a in sys.argv[1:] if a != "--cut"], cut="--cut" in sys.argv)
