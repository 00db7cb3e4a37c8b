"""Landing beside the tools that a user would pick instead, each in an environment of its own, on the same events."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.results import write_section
from tests.benchmarks.workload import EVENTS, bundled, run

HERE = Path(__file__).parent
BESIDE = HERE / "beside"
ROUNDS = 3
SPARK, DLT, PHYSICAL = 6.0, 25.0, 0.40
"""How many times the speed of each landing must have, and which share of the physical limit's."""


def environment(name: str) -> str:
    """The Python of a contender's own virtual environment, made where it is missing."""
    folder = Path(sys.prefix).parent / ".benchmarks" / name
    python = folder / "bin" / "python"
    wanted = (BESIDE / f"requirements-{name}.txt").read_text()
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(python), "-r"]
        subprocess.run([*install, str(BESIDE / f"requirements-{name}.txt")], check=True)
        stamp.write_text(wanted)
    return str(python)


def seconds(scratch: Path, *command: str) -> float:
    """What the command says it took; its output is removed."""
    out = scratch / "out"
    took = float(run(*command, str(out)).output.splitlines()[-1])
    assert any(out.rglob("*.parquet")), command
    shutil.rmtree(out)
    return took


@pytest.mark.bench
@pytest.mark.skipif(shutil.which("java") is None, reason="PySpark needs Java: this comparison did not run")
def test_landing_beside_others(tmp_path: Path) -> None:
    backlog, many, whole = bundled(tmp_path / "backlog", events=7 * EVENTS, objects=700)
    large, records, size = bundled(tmp_path / "large", events=EVENTS, objects=100)
    tenth, few, small = bundled(tmp_path / "tenth", events=EVENTS // 10, objects=10)
    spark, dlt = environment("spark"), environment("dlt")
    speeds: dict[str, float] = {}

    def measure(name: str, size: int, *command: str) -> None:
        speeds[name] = max(speeds.get(name, 0.0), size / 1e6 / seconds(tmp_path, *command))

    for title, folder, weight, rounds in (("", large, size, ROUNDS), (", backlog", backlog, whole, 1)):
        for _ in range(rounds):
            measure(f"land{title}", weight, sys.executable, str(HERE / "land_only.py"), str(folder))
            measure(f"physical{title}", weight, sys.executable, str(BESIDE / "physical.py"), str(folder))
    for variant in ("paths", "struct"):
        out = tmp_path / "out"
        done = run(spark, str(BESIDE / "spark_land.py"), str(large), str(out), variant)
        speeds["spark"] = max(speeds.get("spark", 0.0), size / 1e6 / float(done.output.splitlines()[-1]))
        shutil.rmtree(out)
    measure("dlt", small, dlt, str(BESIDE / "dlt_land.py"), str(tenth))
    share = {title: speeds[f"land{title}"] / speeds[f"physical{title}"] for title in ("", ", backlog")}
    times = {name: speeds["land"] / speeds[name] for name in ("spark", "dlt")}
    rows = [
        ["`land`", f"{records:,}", f"{speeds['land']:,.0f}", "", ""],
        ["PySpark local[2]", f"{records:,}", f"{speeds['spark']:,.1f}", f"**{times['spark']:.1f}**", f"{SPARK:.0f}"],
        ["dlt to Delta", f"{few:,}", f"{speeds['dlt']:,.1f}", f"**{times['dlt']:.1f}**", f"{DLT:.0f}"],
        ["physical limit", f"{records:,}", f"{speeds['physical']:,.0f}", f"{share['']:.2f}", ""],
        ["`land`", f"{many:,}", f"{speeds['land, backlog']:,.0f}", "", ""],
        [
            "physical limit",
            f"{many:,}",
            f"{speeds['physical, backlog']:,.0f}",
            f"**{share[', backlog']:.2f}**",
            f"{PHYSICAL:.2f}",
        ],
    ]
    write_section(
        "Beside others",
        "make bench",
        ["", "events", "MB/s of JSON", "`land` is so many times as fast", "required"],
        rows,
        "Without the start of interpreter and JVM. PySpark: the faster of two queries (`beside/spark_land.py`), to "
        "zstd Parquet. dlt: a tenth of the events. The physical limit is gunzip and writing the texts as zstd Parquet "
        "in two processes (`beside/physical.py`): nothing is parsed, named or proved. `land` starts its second "
        "process within the time that is taken, which a backlog spreads.",
    )
    assert times["spark"] >= SPARK
    assert times["dlt"] >= DLT
    assert share[", backlog"] >= PHYSICAL
