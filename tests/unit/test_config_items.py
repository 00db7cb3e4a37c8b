"""Config's items without an ARN: names that accounts and regions share."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from transforms.sources.aws_config import SOURCE, ConfigHead

HERE = {"awsAccountId": "111122223333", "awsRegion": "eu-central-1"}
ITEM = {
    "resourceType": "AWS::Config::ResourceCompliance",
    "resourceId": "AWS::S3::Bucket/example-data",
    "configurationItemCaptureTime": "2026-03-02T09:00:00.000Z",
    "configurationStateId": 1,
}
VERDICT = {
    "messageType": "ComplianceChangeNotification",
    "configRuleName": "iam-password-policy",
    "resourceType": "AWS::::Account",
    "resourceId": "account",
    "notificationCreationTime": "2026-03-02T09:00:00.000Z",
}


def identity(record: dict[str, Any]) -> Any:
    return SOURCE.identity(msgspec.json.decode(json.dumps(record), type=ConfigHead))


@pytest.mark.parametrize("record", [ITEM, ITEM | {"ARN": ""}, {"configurationItem": ITEM, "messageType": "x"}, VERDICT])
@pytest.mark.parametrize("elsewhere", [{"awsAccountId": "444455556666"}, {"awsRegion": "us-east-1"}])
def test_one_name_in_two_places_is_two(record: dict[str, Any], elsewhere: dict[str, str]) -> None:
    def at(place: dict[str, str]) -> dict[str, Any]:
        inner = record.get("configurationItem")
        return record | place if inner is None else record | {"configurationItem": inner | place}

    assert identity(at(HERE)) != identity(at(HERE | elsewhere))


def test_an_empty_arn_is_none() -> None:
    assert identity(ITEM | {"ARN": ""}) == identity(ITEM) != identity(ITEM | {"ARN": "", "resourceId": "other"})


def test_the_api_names_the_account_otherwise() -> None:
    told = {"accountId": HERE["awsAccountId"], "awsRegion": HERE["awsRegion"]}
    assert identity(ITEM | told) == identity(ITEM | HERE)
