"""Checkov over what the organisation's repositories deploy, as a pipeline writes it: a report for each kind of code.

Reports have no time; the folder that the pipeline checks out to is another for each run.
https://www.checkov.io/8.Outputs/JSON.html
"""

from __future__ import annotations

import json
import random
from typing import Any

from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import Repository
from infra.local.simulate.scans import Scan, Scans, root

NAME = "checkov"
VERSION = "3.2.470"
CHECKS = (
    # kind of code, where the result stands, check, what, file, lines, resource, class
    (
        *("terraform", "passed_checks", "CKV_AWS_23", "Ensure every security group rule has a description"),
        *("/network.tf", (1, 18), "aws_security_group.service", "terraform.checks.resource.aws.SecurityGroupRule"),
    ),
    (
        *("terraform", "failed_checks", "CKV_AWS_18", "Ensure the S3 bucket has access logging enabled"),
        *("/storage.tf", (1, 12), "aws_s3_bucket.artifacts", "terraform.checks.resource.aws.S3AccessLogs"),
    ),
    (
        *("terraform", "skipped_checks", "CKV_AWS_144", "Ensure that S3 bucket has cross-region replication enabled"),
        *("/storage.tf", (1, 12), "aws_s3_bucket.artifacts", "terraform.checks.graph_checks.aws.S3Replication"),
    ),
    (
        *("dockerfile", "failed_checks", "CKV_DOCKER_2", "Ensure that HEALTHCHECK instructions have been added"),
        *("/Dockerfile", (1, 22), "/Dockerfile.", "dockerfile.checks.HealthcheckExists"),
    ),
)
RESULTS = {"passed_checks": "PASSED", "failed_checks": "FAILED", "skipped_checks": "SKIPPED"}


def checked(repository: Repository, at_ms: int, check: tuple[Any, ...]) -> dict[str, Any]:
    """Return the result of a check."""
    _, found_in, uid, text, path, lines, resource, checker = check
    result: dict[str, Any] = {"result": RESULTS[found_in], "evaluated_keys": []}
    if found_in == "skipped_checks":
        result["suppress_comment"] = "kept in one region"
    return {
        "check_id": uid,
        "bc_check_id": None,
        "check_name": text,
        "check_result": result,
        "code_block": [[lines[0], f"# {resource}\n"]],
        "file_path": path,
        "file_abs_path": f"/builds/{at_ms}/{repository.name}{path}",
        "repo_file_path": path,
        "file_line_range": list(lines),
        "resource": resource,
        "evaluations": None,
        "check_class": f"checkov.{checker}",
        "fixed_definition": None,
        "entity_tags": None,
        "severity": None,
        "guideline": f"https://docs.example.com/checks/{uid.lower()}",
    }


def scan(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the reports of a repository's code: always as large, so that volumes can be planned."""
    reports = []
    for kind in ("terraform", "dockerfile"):
        results: dict[str, list[dict[str, Any]]] = {
            found_in: [checked(repository, at_ms, each) for each in CHECKS if each[:2] == (kind, found_in)]
            for found_in in RESULTS
        }
        counts = {found_in.removesuffix("_checks"): len(each) for found_in, each in results.items()}
        summary = {**counts, "parsing_errors": 0, "resource_count": 2, "checkov_version": VERSION}
        reports.append({"check_type": kind, "results": {**results, "parsing_errors": []}, "summary": summary})
    return Scan(json.dumps(reports, indent=4).encode(), len(CHECKS))


def feed(run: Run, expected: float) -> Scans:
    """Return `expected` checks over the run, and the reports that hold them."""
    return Scans(run, expected, source=NAME, size=len(CHECKS), scan=scan)


SOURCE = Source(name=NAME, root=root(NAME), share=0.006, open=feed)
