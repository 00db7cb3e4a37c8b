"""Prowler over the organisation's accounts in AWS: a report of checks each time, OCSF as versions from 4.5 write it.

https://docs.prowler.com/user-guide/cli/tutorials/reporting
"""

from __future__ import annotations

import json
import random
from typing import Any

from infra.local.simulate.model import Run, Source
from infra.local.simulate.network import interfaces
from infra.local.simulate.posture import Checks, Rounds
from infra.local.simulate.rendering import millis_z
from infra.local.simulate.scans import Scan, root

NAME = "prowler"
VERSION = "5.4.0"
GRADES = {"Low": 2, "Medium": 3, "High": 4}
CHECKS = (
    # check, title, service, severity, verdict, state, requirement of CIS 3.0
    ("accessanalyzer_enabled", "IAM Access Analyzer is enabled", "accessanalyzer", "Low", "FAIL", "New", "1.20"),
    ("iam_root_mfa_enabled", "The root account has MFA", "iam", "High", "PASS", "New", "1.5"),
    ("s3_bucket_public_access", "No bucket is public", "s3", "High", "PASS", "New", "2.1.4"),
    ("ec2_ebs_default_encryption", "EBS encrypts by default", "ec2", "Medium", "FAIL", "New", "2.2.1"),
    ("vpc_flow_logs_enabled", "Flow logs are on", "vpc", "Medium", "FAIL", "Suppressed", "3.7"),
)


def resource(run: Run, account: str, service: str) -> tuple[str, str, str]:
    """Return the ARN, the name and the type of what a check looks at in an account."""
    region = run.organisation.home_region[account]
    if service == "s3":
        bucket = run.organisation.buckets[account][0]
        return f"arn:aws:s3:::{bucket}", bucket, "AwsS3Bucket"
    if service == "vpc":
        vpc = interfaces(run.organisation)[account][0].vpc
        return f"arn:aws:ec2:{region}:{account}:vpc/{vpc}", vpc, "AwsEc2Vpc"
    return f"arn:aws:iam::{account}:root", "root", "Other"


def finding(run: Run, account: str, check: tuple[str, str, str, str, str, str, str], at_ms: int) -> dict[str, Any]:
    """Return what a check found in an account."""
    code, title, service, severity, verdict, state, requirement = check
    region = run.organisation.home_region[account]
    arn, name, kind = resource(run, account, service)
    said = f"{title}: {'yes' if verdict == 'PASS' else 'no'}, in account {account}."
    return {
        "message": said,
        "metadata": {
            "event_code": code,
            "product": {"name": "Prowler", "uid": "prowler", "vendor_name": "Prowler", "version": VERSION},
            "profiles": ["cloud", "datetime"],
            "tenant_uid": "",
            "version": "1.4.0",
        },
        "severity_id": GRADES[severity],
        "severity": severity,
        "status": state,
        "status_code": verdict,
        "status_detail": said,
        "status_id": 3 if state == "Suppressed" else 1,
        "unmapped": {"related_url": "", "categories": [], "notes": "", "compliance": {"CIS-3.0": [requirement]}},
        "activity_name": "Create",
        "activity_id": 1,
        "finding_info": {
            "created_time": at_ms // 1000,
            "created_time_dt": millis_z(at_ms)[:-1] + "000",
            "desc": title,
            "product_uid": "prowler",
            "title": title,
            "types": ["Software and Configuration Checks"],
            "uid": f"prowler-aws-{code}-{account}-{region}-{name}",
        },
        "resources": [
            {
                "cloud_partition": "aws",
                "region": region,
                "data": {"details": "", "metadata": {}},
                "group": {"name": service},
                "labels": [],
                "name": name,
                "type": kind,
                "uid": arn,
            }
        ],
        "category_name": "Findings",
        "category_uid": 2,
        "class_name": "Detection Finding",
        "class_uid": 2004,
        "cloud": {
            "account": {
                "name": run.organisation.accounts[account],
                "type": "AWS Account",
                "type_id": 10,
                "uid": account,
                "labels": [],
            },
            "org": {"name": "", "uid": ""},
            "provider": "aws",
            "region": region,
        },
        "remediation": {"desc": "See the check.", "references": [f"https://hub.prowler.com/check/{code}"]},
        "risk_details": "",
        "time": at_ms // 1000,
        "time_dt": millis_z(at_ms)[:-1] + "000",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
    }


def feed(run: Run, expected: float) -> Rounds:
    """Return `expected` findings over the run, and the reports that hold them."""

    def report(account: str, at_ms: int, _: random.Random) -> Scan:
        found = [finding(run, account, check, at_ms) for check in CHECKS]
        return Scan(json.dumps(found, indent=2).encode(), len(found))

    return Rounds(run, expected, Checks(NAME, sorted(run.organisation.accounts), len(CHECKS), report, ".ocsf.json"))


SOURCE = Source(name=NAME, root=root(NAME), share=0.006, open=feed)
