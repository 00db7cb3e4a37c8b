"""AWS WAF logs of the shop: of the web ACL before its distribution, and of the one before its load balancer.

An object of gzip NDJSON for each web ACL and a while, as the developer guide says: what was let through, what a rule, a
group of rules or a rate stopped, and who had a puzzle to solve first.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from isal import igzip

from infra.local.simulate.edge import DISTRIBUTION, SHOP, SHOP_BALANCER, EdgeLogs, visitor
from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.rendering import compact_time

NAME = "aws_waf"
BUCKET = "s3/aws-waf-logs-example-org"
ACCOUNT = "111122223333"
COUNTRIES = ("DE", "US", "FR", "IE", "SG")


class WebAcl(NamedTuple):
    """A web ACL: the folder of its place, its name and ARN, and what it protects."""

    folder: str
    name: str
    arn: str
    protects: tuple[str, str]


ACLS = (
    WebAcl(
        "us-east-1", "shop",
        f"arn:aws:wafv2:us-east-1:{ACCOUNT}:regional/webacl/shop/0a1b2c3d-0000-4000-8000-0000000000a1",
        ("ALB", f"{ACCOUNT}-{SHOP_BALANCER}"),
    ),
    WebAcl(
        "cloudfront", "shop-edge",
        f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/shop-edge/0a1b2c3d-0000-4000-8000-0000000000a2",
        ("CF", DISTRIBUTION),
    ),
)  # fmt: skip
STOPPED = (0.95, 0.97, 0.98, 0.99)
"""Up to where a request is let through, met by a managed group, a rate, a puzzle; beyond them a challenge."""


def render(acl: WebAcl, agent: str, at_ms: int, rng: random.Random) -> Record:
    """Return one request that came to a web ACL, and what became of it."""
    path, query, method = f"/items/{rng.randrange(500)}", f"ref={rng.randrange(9)}", "GET"
    decided: dict[str, Any] = {"terminatingRuleId": "Default_Action", "terminatingRuleType": "REGULAR"}
    action, groups, rates, labels = "ALLOW", [], [], []
    extra: dict[str, Any] = {}
    chance = rng.random()
    client = visitor(rng)
    if chance >= STOPPED[3]:
        action, decided["terminatingRuleId"] = "CHALLENGE", "unknown-browsers"
        extra["challengeResponse"] = {"responseCode": 202, "solveTimestamp": 0, "failureReason": "TOKEN_MISSING"}
    elif chance >= STOPPED[2]:
        action, decided["terminatingRuleId"], path, method = "CAPTCHA", "sign-up-form", "/sign-up", "POST"
        extra["captchaResponse"] = {"responseCode": 405, "solveTimestamp": 0, "failureReason": "TOKEN_MISSING"}
    elif chance >= STOPPED[1]:
        action = "BLOCK"
        decided = {"terminatingRuleId": "sign-in-rate", "terminatingRuleType": "RATE_BASED"}
        path, method = "/sign-in", "POST"
        rates = [{
            "rateBasedRuleId": f"{acl.arn}/sign-in-rate", "rateBasedRuleName": "sign-in-rate", "limitKey": "IP",
            "maxRateAllowed": 100, "limitValue": client,
        }]  # fmt: skip
    elif chance >= STOPPED[0]:
        action, query = "BLOCK", "id=1%20OR%201=1"
        decided = {"terminatingRuleId": "sql-injection", "terminatingRuleType": "MANAGED_RULE_GROUP"}
        labels = [{"name": "awswaf:managed:aws:sql-database:SQLi_QueryArguments"}]
        groups = [{
            "ruleGroupId": "AWS#AWSManagedRulesSQLiRuleSet", "nonTerminatingMatchingRules": [], "excludedRules": None,
            "terminatingRule": {"ruleId": "SQLi_QUERYARGUMENTS", "action": "BLOCK", "ruleMatchDetails": None},
        }]  # fmt: skip
    request = f"1-{at_ms // 1000:08x}-{rng.getrandbits(96):024x}"
    body = {
        "timestamp": at_ms,
        "formatVersion": 1,
        "webaclId": acl.arn,
        **decided,
        "action": action,
        "terminatingRuleMatchDetails": [],
        "httpSourceName": acl.protects[0],
        "httpSourceId": acl.protects[1],
        "ruleGroupList": groups,
        "rateBasedRuleList": rates,
        "nonTerminatingMatchingRules": [],
        "requestHeadersInserted": None,
        "responseCodeSent": None,
        "httpRequest": {
            "clientIp": client,
            "country": rng.choice(COUNTRIES),
            "headers": [{"name": "host", "value": SHOP}, {"name": "user-agent", "value": agent}],
            "uri": path,
            "args": query,
            "httpVersion": "HTTP/2.0",
            "httpMethod": method,
            "requestId": request,
            "fragment": "",
            "scheme": "https",
            "host": SHOP,
        },
        **({"labels": labels} if labels else {}),
        **extra,
    }
    return Record(at_ms, acl.name, request, json.dumps(body, separators=(",", ":")))


def written(stream: str, end: int, bits: int, bodies: Sequence[str]) -> tuple[str, bytes]:
    """Return key and bytes of a web ACL's object."""
    (acl,) = (a for a in ACLS if a.name == stream)
    key = (
        f"{BUCKET}/AWSLogs/{ACCOUNT}/WAFLogs/{acl.folder}/{acl.name}/{compact_time(end, '%Y/%m/%d/%H/%M')}/"
        f"{ACCOUNT}_waflogs_{acl.folder}_{acl.name}_{compact_time(end, '%Y%m%dT%H%MZ')}_{bits % (1 << 32):08x}.log.gz"
    )
    return key, igzip.compress("".join(body + "\n" for body in bodies).encode(), 1, mtime=0)


def feed(run: Run, expected: float) -> EdgeLogs:
    """Return the shop's visitors, of whom each web ACL sees its own."""

    def visit(rng: random.Random, at_ms: int) -> list[Record]:
        return [render(rng.choice(ACLS), rng.choice(run.organisation.people).user_agent, at_ms, rng)]

    return EdgeLogs(run, expected, name=NAME, visit=visit, written=written)


SOURCE = Source(name=NAME, root=BUCKET, share=0.04, open=feed)
