"""The reference page of some sources: one alone, one that does not exist, and which detections judge which."""

from __future__ import annotations

import re

from click.testing import CliRunner

from transforms.cli import main
from transforms.reference import detections_of


def test_a_detection_judges_the_sources_that_it_names_or_those_of_its_vendor() -> None:
    assert "det_aws__trail_digest_chain_broken" in detections_of("aws_cloudtrail_digest")
    assert "det_aws__trail_digest_chain_broken" not in detections_of("aws_cloudtrail")
    assert "det_aws__trail_not_logging" in detections_of("aws_cloudtrail")
    assert not any(name.startswith("det_okta__") for name in detections_of("gcp_audit"))


def test_one_source_alone() -> None:
    page = CliRunner().invoke(main, ["reference", "okta_system_log"], catch_exceptions=False).output
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == ["okta_system_log"]
    assert "OKTA_API_TOKEN" in page


def test_an_unknown_source_is_told() -> None:
    result = CliRunner().invoke(main, ["reference", "nothing"])
    assert result.exit_code != 0
    assert "no source 'nothing'" in str(result.exception) + result.output
