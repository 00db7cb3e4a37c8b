"""Real logs, where they lie beside the checkout: each record is in OCSF, or in quarantine for a reason on record.

What each source's samples become is committed as `tests/samples/<source>.json`; `make samples` writes it anew. Its
"folders" are those of the samples that belong to the source (or folders in them): the one that has its name, where it
does not say.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from typing import Any

import pytest
from asking import standing
from samples import RECORDED, SAMPLED, SAMPLES, Trail, events, folders, recorded, sql, tables

from transforms.ocsf.render import render
from transforms.ocsf.schema import problems
from transforms.settings import Settings
from transforms.sources import registry

pytestmark = [
    pytest.mark.xdist_group("samples"),
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no real samples at {SAMPLES}: this proof did not run"),
]


def became(settings: Settings, source: str) -> dict[str, Any]:
    """Counts of records, of OCSF rows by class, of what no rule mapped, and of reasons of quarantine."""
    of_source = f"where source = '{source}'"
    reasons = sql(settings, f"select reason from ops.quarantine {of_source}")
    by_class = {name: sql(settings, f"select count(*) from ocsf.{name} {of_source}")[0][0] for name in tables(settings)}
    return {
        "source": source,
        "folders": [folder.relative_to(SAMPLES).as_posix() for folder in folders(source)],
        "records": sql(settings, f"select count(*) from bronze.{source}")[0][0],
        "ocsf": {name: count for name, count in by_class.items() if count},
        "unmapped": by_class["base_event"]
        + sql(settings, f"select count(*) from ocsf.api_activity {of_source} and activity_id = 99")[0][0],
        "quarantined": dict(sorted(Counter(re.sub(r"[\d']+", "#", reason) for (reason,) in reasons).items())),
    }


def test_a_real_trail_exactly(trail: Trail) -> None:
    """19,624 records of 2,395 objects as AWS delivered them; 4,087 of them are AWS's own redeliveries."""
    first, built, again = trail.landed, trail.built, trail.landed_again
    assert (first.objects, first.records, first.quarantined) == (2395, 19624, 0)
    assert (built.failed, built.rows, built.duplicates, built.collisions) == ({}, 15537, 4087, 0)
    assert len(trail.event_uids) == len(set(trail.event_uids)) == 15537
    assert (again.objects, again.records, again.quarantined) == (0, 0, 0)
    assert trail.built_again.rows == 0
    assert trail.quarantined == 0


def test_some_sources_have_samples() -> None:
    assert len(SAMPLED) >= 3


@pytest.mark.parametrize("source", SAMPLED)
def test_every_folder_lands(sample_lake: Settings, source: str) -> None:
    found = [p for folder in folders(source) for p in folder.rglob("*")]
    files = [p for p in found if p.is_file() and not p.name.startswith((".", "_"))]
    skip = registry()[source].skip_keys
    wanted = [p for p in files if skip is None or not re.search(skip, str(p))]
    landed = sql(
        sample_lake, f"select count(distinct uri) from ops.ledger where kind = 'landed' and source = '{source}'"
    )
    assert landed == [(len(wanted),)]
    bronze = {uid for (uid,) in sql(sample_lake, f"select event_uid from bronze.{source}")}
    assert bronze
    assert set(events(sample_lake, source)) == bronze


@pytest.mark.parametrize("source", SAMPLED)
def test_they_become_what_is_on_record(sample_lake: Settings, source: str) -> None:
    found = became(sample_lake, source)
    if os.environ.get("CATCHMENT_WRITE_SAMPLES"):
        RECORDED.mkdir(exist_ok=True)
        (RECORDED / f"{source}.json").write_text(json.dumps(found, indent=1) + "\n")
    assert recorded(source) == found


def test_they_render_as_ocsf(sample_lake: Settings) -> None:
    """Ten events of each kind of event, as nested OCSF events, break none of OCSF's rules."""
    breaches, sources = [], set()
    few = "qualify row_number() over (partition by source, metadata_event_code order by event_uid) <= 10"
    for table in tables(sample_lake):
        for row in standing(sample_lake).records(f"select * from ocsf.{table} {few}"):
            sources.add(row["source"])
            named = f"{row['source']} {row['metadata_event_code']} {row['event_uid']}"
            breaches += [f"{named}: {problem}" for problem in problems(render(table, row))]
    assert sources == set(SAMPLED)
    assert breaches == []
