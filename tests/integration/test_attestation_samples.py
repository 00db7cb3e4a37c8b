"""Really signed evidence, where it lies beside the checkout: names that say it must fail, and verdicts, agree."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from samples import SAMPLES, sql

from transforms.settings import Settings

pytestmark = [
    pytest.mark.xdist_group("samples"),
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no real samples at {SAMPLES}: this proof did not run"),
]
MUST_FAIL = re.compile(r"_fail/|invalid|mismatch|wrong|expired-cert|untrusted")
OWN_ROOT = re.compile(r"/rekor2-")
"""Bundles of another instance than the public one, whose root is not configured here."""


def test_names_and_verdicts_agree(sample_lake: Settings) -> None:
    found = sql(
        sample_lake,
        "select object_uri, provenance_verified, status_code from ocsf.api_activity"
        " where source in ('slsa_provenance', 'sigstore_bundle')",
    )
    bad = [uri for uri, verified, _ in found if MUST_FAIL.search(uri) and verified]
    assert bad == []
    assert sum(bool(MUST_FAIL.search(uri)) for uri, _, _ in found) >= 40
    good = Counter(code for uri, _, code in found if not MUST_FAIL.search(uri) and not OWN_ROOT.search(uri))
    assert good["rejected"] == good["contradicted"] == 0
    assert good["verified"] >= 65
    unproven = [uri for uri, _, code in found if code == "unproven" and not MUST_FAIL.search(uri)]
    assert not [uri for uri in unproven if Path(uri).suffix == ".slsa" and "gha_" in uri]


def test_a_signature_of_another_signer_contradicts(sample_lake: Settings) -> None:
    """It holds, but by the certificate of a run of another repository than the one that it tells of."""
    told = sql(
        sample_lake,
        "select status_code, provenance_verified from ocsf.api_activity where source = 'slsa_provenance'"
        " and object_uri like '%MODULE-wrong-signer%'",
    )
    assert told == [("contradicted", False)]
