"""The identity marts: on the simulated organisation every link is right, and nobody is merged by a name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from simulated import Organisation, lake, sql

from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.runner import build, correlate

pytestmark = pytest.mark.xdist_group("simulated-lake")
OCCUR = {
    "okta": """
        select actor_user_name as login from ocsf.authentication
        where source = 'okta_system_log' and status_id = 1
    """,
    "aws": """
        select split_part(actor_user_uid, '/', 3) as login from ocsf.api_activity
        where actor_user_uid like '%:assumed-role/AWSReservedSSO%'
    """,
    "github": "select actor_user_name as login from ocsf.api_activity where source = 'github_audit'",
    "gcp": "select actor_user_email_addr as login from ocsf.api_activity where source = 'gcp_audit'",
}
"""The logins of each provider that are in the logs, found without the identity mart."""


def test_every_login_is_linked_to_its_person_and_to_no_other(simulated: Organisation) -> None:
    occur = {
        provider: {row["login"] for row in simulated.sql(f"select distinct login from ({query})")}
        for provider, query in OCCUR.items()
    }
    truth = {
        (identity["person"], provider, login)
        for identity in simulated.truth["identities"]
        for provider, login in identity["logins"].items()
        if login in occur[provider]
    }
    people = simulated.sql("from marts.identity_person")
    found = {
        (person["email"], provider, login)
        for person in people
        for provider in OCCUR
        for login in person[f"{provider}_logins"]
    }
    assert found == truth
    assert {provider for _, provider, _ in truth} >= {"okta", "aws", "github"}
    assert len(truth) > 30
    assert len({person["person_uid"] for person in people}) == len(people) == len({email for email, _, _ in truth})
    assert all(person["name"] and person["flags"] == [] and person["confidence_id"] >= 2 for person in people)


def test_machines_are_no_persons(simulated: Organisation) -> None:
    kinds = {
        (row["login_kind"], row["identity_type"])
        for row in simulated.sql("select distinct login_kind, identity_type from marts.identity_login")
    }
    assert {("aws_role", "workload"), ("aws_iam_user", "unproven"), ("azure_workload", "workload")} <= kinds
    assert {kind for kind, identity in kinds if identity == "person"} <= {
        "okta_user", "aws_sso_session", "gcp_user", "azure_user", "github_user", "google_user"
    }  # fmt: skip


def test_the_evidence_is_events_of_the_login(simulated: Organisation) -> None:
    (found,) = simulated.sql(
        """
        with proof as (
            select person_uid, login_name, unnest(evidence_event_uids) as event_uid
            from marts.identity_login where login_kind = 'okta_user'
        )
        select count(*) as n, count(*) filter (lower(e.actor_user_name) = lower(p.login_name)) as own
        from proof as p
        left join (
            select event_uid, actor_user_name from ocsf.authentication
            union all select event_uid, actor_user_name from ocsf.api_activity
            union all select event_uid, actor_user_name from ocsf.account_change
            union all select event_uid, actor_user_name from ocsf.user_access
        ) as e using (event_uid)
        """
    )
    assert found["n"] == found["own"] > 100


@pytest.fixture
def logged(tmp_path: Path) -> Callable[..., Settings]:
    """Makes a lake of Okta and CloudTrail records, correlated."""

    def make(okta: list[dict[str, Any]], trail: list[dict[str, Any]]) -> Settings:
        settings = lake(tmp_path / "lake")
        for source, name, body in (
            ("okta_system_log", "page.json", okta),
            ("aws_cloudtrail", "trail.json", {"Records": trail}),
        ):
            (tmp_path / source).mkdir()
            (tmp_path / source / name).write_text(json.dumps(body))
            land(settings, source, str(tmp_path / source))
        assert build(settings).failed == {}
        assert correlate(settings).failed == {}
        return settings

    return make


def _okta(uid: str, user: str, login: str, name: str, minute: int) -> dict[str, Any]:
    return {
        "uuid": uid,
        "published": f"2026-03-02T10:{minute:02d}:00.000Z",
        "eventType": "user.session.start",
        "outcome": {"result": "SUCCESS"},
        "actor": {"id": user, "type": "User", "alternateId": login, "displayName": name},
        "client": {"ipAddress": "192.0.2.7"},
    }


def _call(uid: str, identity: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventID": uid,
        "eventTime": "2026-03-02T11:00:00Z",
        "eventName": "DescribeInstances",
        "eventSource": "ec2.amazonaws.com",
        "recipientAccountId": "111122223333",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.7",
        "userIdentity": {"accountId": "111122223333", **identity},
    }


def _session(role: str, name: str, path: str = "") -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::111122223333:assumed-role/{role}/{name}",
        "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::111122223333:role/{path}{role}", "userName": role}},
    }


def _user(name: str) -> dict[str, Any]:
    return {"type": "IAMUser", "arn": f"arn:aws:iam::111122223333:user/{name}", "userName": name}


def test_hostile_and_colliding_names_merge_nobody(logged: Callable[..., Settings]) -> None:
    sso = "aws-reserved/sso.amazonaws.com/"
    quote = "o'hara@example.com'; drop table x --"
    settings = logged(
        [
            _okta("o1", "00u1", "Ada@example.com", "Ada Lovelace", 0),
            _okta("o2", "00u2", "ada@EXAMPLE.com", "<b>Ada</b>", 1),
            _okta("o3", "00u3", "bo@example.com", "Bo Diddley", 2),
            _okta("o4", "00u4", quote, quote, 3),
        ],
        [
            _call("c1", _session("AWSReservedSSO_Engineer_0123456789abcdef", "bo@example.com", sso)),
            _call("c2", _session("AWSReservedSSO_Engineer_0123456789abcdef", "ada@example.com", sso)),
            # a role that is only called like Identity Center's, sessions and users that are called like somebody
            _call("c3", _session("AWSReservedSSO_Engineer_ffffffffffffffff", "bo@example.com")),
            _call("c4", _session("app", "bo@example.com")),
            _call("c5", _user("bo")),
            _call("c6", _user("bo@example.com")),
        ],
    )  # fmt: skip
    logins = {row["login_uid"].rsplit(":", 1)[-1]: row for row in sql(settings, "from marts.identity_login")}
    person = {key: row["person_uid"] for key, row in logins.items()}
    said = {key: (row["identity_type"], row["confidence_id"], row["flag"]) for key, row in logins.items()}
    engineer = "assumed-role/AWSReservedSSO_Engineer_"
    assert said == {
        "00u1": ("person", 1, "email_shared"),
        "00u2": ("person", 1, "email_of_another"),
        "00u3": ("person", 3, None),
        "00u4": ("person", 3, None),
        f"{engineer}0123456789abcdef/bo@example.com": ("person", 3, None),
        f"{engineer}0123456789abcdef/ada@example.com": ("person", 1, "email_shared"),
        f"{engineer}ffffffffffffffff/bo@example.com": ("unproven", None, "self_chosen_name"),
        "assumed-role/app/bo@example.com": ("unproven", None, "self_chosen_name"),
        "user/bo": ("unproven", None, "name_only"),
        "user/bo@example.com": ("unproven", None, "name_only"),
    }
    assert person["00u3"] == person[f"{engineer}0123456789abcdef/bo@example.com"]
    assert person["00u1"] == person[f"{engineer}0123456789abcdef/ada@example.com"]
    assert len({person[user] for user in ("00u1", "00u2", "00u3", "00u4")}) == 4
    assert {row["resembles_person_uid"] for row in logins.values()} == {None, person["00u3"]}
    people = sql(settings, "select name, login_count from marts.identity_person order by name")
    assert [(row["name"], row["login_count"]) for row in people] == [
        ("<b>Ada</b>", 1), ("Ada Lovelace", 2), ("Bo Diddley", 2), (quote, 1)
    ]  # fmt: skip
