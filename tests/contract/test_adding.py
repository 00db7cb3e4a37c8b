"""A source or a detection is new files and nothing else: taken out, the rest works; put back, no file had to change.

Done in a copy of the tree, by the rules of belonging.py.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from belonging import detection_files, source_files

from transforms.report import detections
from transforms.sources import registry

ROOT = Path(__file__).parents[2]
SOURCES = sorted(registry())
pytestmark = [
    pytest.mark.xdist_group("adding"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout: what belongs to the tree is unknown"),
]
WORK = """
import json, sys
from infra.local.simulate import known_sources
from infra.local.simulate.simulation import known_chains
from transforms.land import land
from transforms.report import detections
from transforms.settings import Settings
from transforms.sources import registry
from transforms.warehouse.query import rows
from transforms.warehouse.runner import build, detect

settings = Settings.from_env(lake=sys.argv[1])
landed = {name: land(settings, name, f"tests/fixtures/{name}").records for name in registry()}
built, detected = build(settings), detect(settings)
_, blocks = rows(settings, "select finding_uid from findings.findings where revision_kind <> 'withdrawn' order by 1")
print(json.dumps({
    "landed": landed, "failed": built.failed | detected.failed, "rows": built.rows,
    "detections": sorted(row["detection"] for row in detections()), "ran": detected.detections,
    "simulated": sorted(known_sources()), "chains": len(known_chains()),
    "findings": [uid for block in blocks for (uid,) in block],
}))
"""


class Copy:
    """A copy of the tree with a history of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")[:-1]
        self.paths = [path for path in self.paths if (ROOT / path).is_file()]
        for path in self.paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, root / path)

    def take_out(self, paths: Iterable[str]) -> None:
        for path in paths:
            (self.root / path).unlink()

    def put_back(self, paths: Iterable[str]) -> None:
        for path in paths:
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, self.root / path)

    def run(self, *arguments: str, **environment: str) -> str:
        """A Python of this environment on the copy's code. Its output; an assertion with it where it fails."""
        environment = {**os.environ, **environment, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root, env=environment, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def work(self, lake: str) -> dict[str, Any]:
        """Land every source's fixtures, build, and detect."""
        return dict(json.loads(self.run("-c", WORK, str(self.root.parent / lake)).splitlines()[-1]))


def _git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    return subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("adding") / "tree")


def halves() -> Iterator[tuple[str, ...]]:
    """Halves of the sources such that of any two each is in one without the other."""
    for bit in range((len(SOURCES) - 1).bit_length()):
        for side in (0, 1):
            yield tuple(name for number, name in enumerate(SOURCES) if number >> bit & 1 == side)


@pytest.mark.parametrize("source", SOURCES)
def test_the_parts_of_a_source_are_found(source: str) -> None:
    paths = _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")[:-1]
    parts = source_files(ROOT, paths, source)
    assert {".py", ".sql", ".yml", ".csv"} <= {Path(part).suffix for part in parts} and len(parts) >= 6


@pytest.mark.parametrize("out", halves(), ids=lambda out: f"{out[0]}-{out[-1]}")
def test_the_rest_stands_without_half_of_the_sources(copy: Copy, out: tuple[str, ...]) -> None:
    """dbt reads the project without a warning, and every contract test can be collected: none needs another one."""
    parts = {part for source in out for part in source_files(copy.root, copy.paths, source)}
    copy.take_out(parts)
    try:
        target = str(copy.root.parent / "target")
        folders = ["--project-dir", "dbt_project", "--profiles-dir", "dbt_project", "--target-path", target]
        parse = ["-m", "dbt.cli.main", "--quiet", "parse", "--target", "unit", *folders, "--log-path", target]
        copy.run(*parse, DBT_WARN_ERROR="1")
        collected = copy.run("-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "tests/contract")
        assert "test_every_record_is_in_ocsf" in collected
        assert not any(f"[{source}]" in collected for source in out)
    finally:
        copy.put_back(parts)


def test_put_back_as_new_files(copy: Copy) -> None:
    """All sources but one and a detection of every domain are taken out, and come back as additions."""
    domains = {name.split("__")[0]: name for name in (row["detection"] for row in detections())}
    parts = {part for name in domains.values() for part in detection_files(copy.paths, name)}
    parts |= {part for name in SOURCES[1:] for part in source_files(copy.root, copy.paths, name)}
    expected = copy.work("clean")
    assert expected["failed"] == {} and expected["findings"]
    copy.take_out(parts)
    _git(copy.root, "init", "--quiet")
    _git(copy.root, "add", "--all")
    _git(copy.root, "commit", "--quiet", "--message", "without")
    without = copy.work("lake")
    assert without["failed"] == {}
    assert set(without["landed"]) == set(SOURCES[:1])
    assert without["simulated"] == SOURCES[:1] and without["chains"] < expected["chains"]
    assert set(expected["detections"]) - set(without["detections"]) == set(domains.values())
    assert 0 < without["rows"] < expected["rows"] and 0 < without["ran"] < expected["ran"]

    copy.put_back(parts)
    status = _git(copy.root, "status", "--porcelain", "--untracked-files=all", "-z").split("\0")[:-1]
    assert {line[:2] for line in status} == {"??"}, "an existing file had to change"
    assert {line[3:] for line in status} == parts
    again = copy.work("lake")
    assert again["failed"] == {}
    assert without["rows"] + again["rows"] == expected["rows"]
    same = ("detections", "ran", "simulated", "chains", "findings")
    assert {key: again[key] for key in same} == {key: expected[key] for key in same}
