# ruff: noqa: S311  (seeded randomness is the point)
"""AWS CloudTrail: gzip objects `{"Records":[...]}` for each account, region and delivery.

Shapes and delivery follow the CloudTrail user guide: key layout, whole-second times, records that arrive
up to ten minutes late, and now and then a second time, byte for byte, in another object. Insights tell of the
largest bursts of calls, in a folder of their own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import Grant, Organisation, Person, Workload
from infra.local.simulate.rendering import compact_time, seconds_z, uuid
from infra.local.simulate.rhythm import Caps, Crowd, Schedules

NAME = "aws_cloudtrail"
BUCKET = "s3/example-org-cloudtrail"
ROOT = f"{BUCKET}/AWSLogs"
GLOBAL_SERVICES = frozenset({"iam.amazonaws.com", "signin.amazonaws.com", "organizations.amazonaws.com"})
"""Services whose events carry us-east-1, wherever the caller is."""
HUMAN_SHARE = 0.35
BURST_MEAN = 14.0
MAX_BURST = 400
ENTRY_SHARE = 0.2
"""Part of a person's bursts that begin with a new sign-in to the role."""
HUMAN_SPREAD_S = 150
MACHINE_SPREAD_S = 60
OBJECT_RECORDS = 10_000
GZIP_LEVEL = 1
EXPIRATION = "%b %d, %Y, %I:%M:%S %p"
REDELIVERY = 0.02
UNUSUAL = 3 * BURST_MEAN
"""Calls of a person's burst from which Insights takes it for unusual."""
QUIET_STREAM = "777788889999/ap-southeast-1"
QUIET_EVERY_S = 6 * 3600
_NAME_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_RANDOM_HEX = 96
"""Random hex digits that one record consumes: event id, request id, and 32 for its content."""


class Session(NamedTuple):
    """Who calls, from where: everything in a record that stays the same during a burst of calls."""

    identity: str
    """JSON of userIdentity."""
    principal: str
    """ARN, or the service's name."""
    group: str
    """Who shares the ration of noise: the role or user."""
    account: str
    region: str
    ip: str
    agent: str
    tls: bool
    admin: bool = False
    until: str = ""
    """When credentials that are issued now expire, as AWS writes it."""


class Call(NamedTuple):
    """What is called, as JSON fragments."""

    service: str
    name: str
    read_only: bool = True
    request: str = "null"
    response: str = "null"
    resources: str = ""
    additional: str = ""
    error: tuple[str, str] | None = None
    data: bool = False
    event_type: str = "AwsApiCall"


Caller: TypeAlias = Callable[[Organisation, Session, str], Call]


def render(session: Session, call: Call, at_s: int, digits: str) -> Record:
    """Return one record; `digits` are at least 64 random hex digits for the event id and the request id."""
    service = call.service
    region = "us-east-1" if service in GLOBAL_SERVICES else session.region
    event_id = uuid(digits)
    error = ""
    if call.error:
        code, message = call.error
        error = (f'"errorCode":"{code}",' if code else "") + f'"errorMessage":"{message}",'
    additional = f'"additionalEventData":{call.additional},' if call.additional else ""
    resources = f'"resources":{call.resources},' if call.resources else ""
    if call.data:
        request_id = f'"requestID":"{digits[32:48].upper()}",'
    elif call.event_type == "AwsConsoleSignIn":
        request_id = ""
    else:
        request_id = f'"requestID":"{uuid(digits[32:])}",'
    tls = (
        f',"tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",'
        f'"clientProvidedHostHeader":"{service[:-14]}.{region}.amazonaws.com"}}'
        if session.tls
        else ""
    )
    body = (
        f'{{"eventVersion":"1.11","userIdentity":{session.identity},"eventTime":"{seconds_z(at_s)}",'
        f'"eventSource":"{service}","eventName":"{call.name}","awsRegion":"{region}",'
        f'"sourceIPAddress":"{session.ip}","userAgent":"{session.agent}",{error}"requestParameters":{call.request},'
        f'"responseElements":{call.response},{additional}{request_id}"eventID":"{event_id}",'
        f'"readOnly":{"true" if call.read_only else "false"},{resources}"eventType":"{call.event_type}",'
        f'"managementEvent":{"false" if call.data else "true"},"recipientAccountId":"{session.account}",'
        f'"eventCategory":"{"Data" if call.data else "Management"}"{tls}}}'
    )
    return Record(at_s * 1000, f"{session.account}/{region}", event_id, body)


def insight(session: Session, call: Call, state: str, at_s: int, calls: int, minutes: int, digits: str) -> Record:
    """One record of Insights about `calls` of one kind within `minutes`; half of `digits` both its ends share."""
    statistics: dict[str, object] = {"baseline": {"average": 0.02}, "insight": {"average": calls / minutes}}
    if state == "End":
        statistics |= {"insightDuration": minutes, "baselineDuration": 10080}
    event_id = uuid(digits[32:])
    body = {
        "eventVersion": "1.09",
        "eventTime": seconds_z(at_s),
        "awsRegion": session.region,
        "eventID": event_id,
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": session.account,
        "sharedEventID": uuid(digits),
        "insightDetails": {
            "state": state,
            "eventSource": call.service,
            "eventName": call.name,
            "insightType": "ApiCallRateInsight",
            "insightContext": {
                "statistics": statistics,
                "attributions": [
                    {
                        "attribute": "userIdentityArn",
                        "insight": [{"value": session.principal, "average": calls / minutes}],
                        "baseline": [{"value": session.principal, "average": 0.02}],
                    }
                ],
            },
        },
        "eventCategory": "Insight",
    }
    stream = f"{session.account}/{session.region}/CloudTrail-Insight"
    return Record(at_s * 1000, stream, event_id, json.dumps(body, separators=(",", ":")))


# --- sessions -----------------------------------------------------------------------------------------------


def _role_identity(
    *,
    account: str,
    role: str,
    role_id: str,
    session: str,
    key: str,
    created: int,
    path: str = "",
    federation: str = "{}",
) -> str:
    return (
        f'{{"type":"AssumedRole","principalId":"{role_id}:{session}",'
        f'"arn":"arn:aws:sts::{account}:assumed-role/{role}/{session}","accountId":"{account}",'
        f'"accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{role_id}",'
        f'"arn":"arn:aws:iam::{account}:role/{path}{role}","accountId":"{account}","userName":"{role}"}},'
        f'"webIdFederationData":{federation},"attributes":{{"creationDate":"{seconds_z(created)}",'
        f'"mfaAuthenticated":"false"}}}}}}'
    )


def person_session(
    person: Person, grant: Grant, *, at_s: int, ip: str | None = None, agent: str | None = None
) -> Session:
    """Return a person's SSO role session; `ip` and `agent` default to the office and the browser."""
    created = at_s - at_s % 28_800
    digits = random.Random(f"{person.okta_id}/{grant.role_id}/{created}").getrandbits(80)
    identity = _role_identity(
        account=grant.account,
        role=grant.role,
        role_id=grant.role_id,
        session=person.email,
        key=f"ASIA{digits:020X}"[:20],
        created=created,
        path="aws-reserved/sso.amazonaws.com/",
    )
    return Session(
        identity=identity,
        principal=f"arn:aws:sts::{grant.account}:assumed-role/{grant.role}/{person.email}",
        group=f"{grant.account}/{grant.role}",
        account=grant.account,
        region=grant.region,
        ip=ip or person.networks[0].ip,
        agent=agent or person.user_agent,
        tls=True,
        admin=person.is_admin,
    )


def workload_session(workload: Workload, *, at_s: int, ip: str | None = None, agent: str | None = None) -> Session:
    """Return the session of a machine identity; `ip` and `agent` default to its own."""
    account = workload.account
    if workload.kind == "service":
        principal = workload.name
        identity = f'{{"type":"AWSService","invokedBy":"{workload.name}"}}'
    elif workload.kind == "user":
        principal = f"arn:aws:iam::{account}:user/{workload.name}"
        identity = (
            f'{{"type":"IAMUser","principalId":"{workload.principal_id}","arn":"{principal}",'
            f'"accountId":"{account}","accessKeyId":"{workload.key_id}","userName":"{workload.name}"}}'
        )
    else:
        principal = f"arn:aws:sts::{account}:assumed-role/{workload.name}/{workload.session}"
        identity = _role_identity(
            account=account,
            role=workload.name,
            role_id=workload.principal_id,
            session=workload.session,
            key=workload.key_id,
            created=at_s - at_s % 21_600,
        )
    return Session(
        identity=identity,
        principal=principal,
        group=f"{account}/{workload.name}",
        account=account,
        region=workload.region,
        ip=ip or workload.ip,
        agent=agent or workload.agent,
        tls=workload.kind != "service",
        until=compact_time(at_s + 3600, EXPIRATION),
    )


def root_session(account: str, ip: str, agent: str) -> Session:
    """Return the root user of an account at the sign-in page."""
    arn = f"arn:aws:iam::{account}:root"
    identity = f'{{"type":"Root","principalId":"{account}","arn":"{arn}","accountId":"{account}","accessKeyId":""}}'
    return Session(
        identity=identity,
        principal=arn,
        group=arn,
        account=account,
        region="us-east-1",
        ip=ip,
        agent=agent,
        tls=True,
    )


def federated_session(person: Person, grant: Grant, *, at_s: int, ip: str) -> Session:
    """Return a person on the way from the identity provider into a role."""
    qualifier = f"{person.azure_puid.lower()}{grant.account}="
    identity = (
        f'{{"type":"SAMLUser","principalId":"{qualifier}:{person.email}","userName":"{person.email}",'
        f'"identityProvider":"{qualifier}"}}'
    )
    return Session(
        identity=identity,
        principal=f"{qualifier}:{person.email}",
        group=f"{grant.account}/{grant.role}",
        account=grant.account,
        region=grant.region,
        ip=ip,
        agent=person.user_agent,
        tls=True,
        until=compact_time(at_s + 28_800, EXPIRATION),
    )


def web_identity_session(account: str, region: str, subject: str, *, ip: str, agent: str, at_s: int) -> Session:
    """Return a GitHub Actions job on the way into a role, known by the subject of its OIDC token."""
    provider = _oidc_provider(account)
    principal = f"{provider}:sts.amazonaws.com:{subject}"
    identity = (
        f'{{"type":"WebIdentityUser","principalId":"{principal}","userName":"{subject}",'
        f'"identityProvider":"{provider}"}}'
    )
    return Session(
        identity=identity,
        principal=principal,
        group=principal,
        account=account,
        region=region,
        ip=ip,
        agent=agent,
        tls=True,
        until=compact_time(at_s + 3600, EXPIRATION),
    )


def role_session(
    account: str,
    region: str,
    role: tuple[str, str],
    name: str,
    key: str,
    *,
    created: int,
    ip: str,
    agent: str,
    federated: bool = False,
) -> Session:
    """Return a session of a role (name, id) with the access key that was issued for it."""
    federation = f'{{"federatedProvider":"{_oidc_provider(account)}","attributes":{{}}}}' if federated else "{}"
    identity = _role_identity(
        account=account,
        role=role[0],
        role_id=role[1],
        session=name,
        key=key,
        created=created,
        federation=federation,
    )
    return Session(
        identity=identity,
        principal=f"arn:aws:sts::{account}:assumed-role/{role[0]}/{name}",
        group=f"{account}/{role[0]}",
        account=account,
        region=region,
        ip=ip,
        agent=agent,
        tls=True,
        until=compact_time(created + 3600, EXPIRATION),
    )


def _oidc_provider(account: str) -> str:
    return f"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com"


# --- calls --------------------------------------------------------------------------------------------------


def _pick(items: Sequence[str], digits: str) -> str:
    return items[int(digits[:4], 16) % len(items)]


def _fixed(call: Call) -> Caller:
    return lambda _org, _session, _digits: call


def _reads(service: str, *names: str, request: str = "null") -> list[tuple[float, Caller]]:
    return [(1.0, _fixed(Call(f"{service}.amazonaws.com", name, True, request))) for name in names]


def _bucket_resource(account: str, bucket: str) -> str:
    return f'{{"accountId":"{account}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{bucket}"}}'


def s3_object(session: Session, name: str, bucket: str, key: str, digits: str, **more: str) -> Call:
    """Return an S3 data event on an object; `more` are further request parameters."""
    read = name in ("GetObject", "HeadObject")
    size = int(digits[8:13], 16)
    moved = f'"bytesTransferredIn":{0 if read else size},'
    out = f'"bytesTransferredOut":{size if read else 0}'
    extra = "".join(f',"{field}":"{value}"' for field, value in more.items())
    customer = "x-amz-server-side-encryption-customer-algorithm" in more
    return Call(
        "s3.amazonaws.com",
        name,
        read,
        f'{{"bucketName":"{bucket}","Host":"{bucket}.s3.{session.region}.amazonaws.com","key":"{key}"{extra}}}',
        f'{{"x-amz-server-side-encryption-customer-algorithm":"AES256","x-amz-copy-source-version-id":"{digits[:32]}"}}'
        if customer
        else "null",
        f'[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{bucket}/{key}"}},'
        f"{_bucket_resource(session.account, bucket)}]",
        f'{{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256",{moved}'
        f'"SSEApplied":"{"SSE_C" if customer else "SSE_S3"}","AuthenticationMethod":"AuthHeader",'
        f'"x-amz-id-2":"{digits[:28]}{digits[4:32]}=",{out}}}',
        data=True,
    )


def _object(name: str) -> Caller:
    def call(org: Organisation, session: Session, digits: str) -> Call:
        bucket = _pick(org.buckets[session.account], digits)
        return s3_object(session, name, bucket, f"data/{digits[4:6]}/part-{digits[6:18]}.parquet", digits)

    return call


def _copy(org: Organisation, session: Session, digits: str) -> Call:
    bucket = _pick(org.buckets[session.account], digits)
    key = f"archive/{digits[4:6]}/part-{digits[6:18]}.parquet"
    return s3_object(session, "CopyObject", bucket, key, digits, **{"x-amz-copy-source": f"{bucket}/{key[8:]}"})


def s3_list(session: Session, bucket: str, digits: str) -> Call:
    """Return an S3 data event that lists a bucket's objects."""
    return Call(
        "s3.amazonaws.com",
        "ListObjects",
        True,
        f'{{"list-type":"2","bucketName":"{bucket}","prefix":"data/{digits[4:6]}/",'
        f'"Host":"{bucket}.s3.{session.region}.amazonaws.com"}}',
        "null",
        f'[{{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::{bucket}/data/{digits[4:6]}/"}},'
        f"{_bucket_resource(session.account, bucket)}]",
        f'{{"SignatureVersion":"SigV4","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader",'
        f'"x-amz-id-2":"{digits[:28]}{digits[4:32]}=","bytesTransferredOut":{int(digits[8:12], 16)}}}',
        data=True,
    )


def _list_objects(org: Organisation, session: Session, digits: str) -> Call:
    return s3_list(session, _pick(org.buckets[session.account], digits), digits)


def _trail_put(org: Organisation, session: Session, digits: str) -> Call:
    account = _pick(tuple(org.accounts), digits)
    key = f"AWSLogs/{account}/CloudTrail/{session.region}/delivery-{digits[4:20]}.json.gz"
    return s3_object(session, "PutObject", "example-org-cloudtrail", key, digits)


def _trail_acl(org: Organisation, session: Session, digits: str) -> Call:
    return Call(
        "s3.amazonaws.com",
        "GetBucketAcl",
        True,
        '{"bucketName":"example-org-cloudtrail","Host":"example-org-cloudtrail.s3.us-east-1.amazonaws.com","acl":""}',
        "null",
        f"[{_bucket_resource(session.account, 'example-org-cloudtrail')}]",
        f'{{"SignatureVersion":"SigV4","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader",'
        f'"x-amz-id-2":"{digits[:28]}{digits[4:32]}=","bytesTransferredOut":542}}',
    )


def _kms(name: str) -> Caller:
    def call(org: Organisation, session: Session, digits: str) -> Call:
        key = _pick(org.kms_keys[session.account], digits)
        arn = f"arn:aws:kms:{session.region}:{session.account}:key/{key}"
        context = f'{{"aws:s3:arn":"arn:aws:s3:::{_pick(org.buckets[session.account], digits[4:])}"}}'
        request = (
            f'{{"encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{context}}}'
            if name == "Decrypt"
            else f'{{"keySpec":"AES_256","encryptionContext":{context},"keyId":"{arn}"}}'
        )
        resource = f'[{{"accountId":"{session.account}","type":"AWS::KMS::Key","ARN":"{arn}"}}]'
        return Call("kms.amazonaws.com", name, True, request, "null", resource)

    return call


def _assume(org: Organisation, session: Session, digits: str) -> Call:
    role = f"{session.principal.split('.')[0]}-execution-{int(digits[0], 16) % 4}"
    arn = f"arn:aws:iam::{session.account}:role/{role}"
    name = f"{session.principal.split('.')[0]}-{digits[4:12]}"
    return Call(
        "sts.amazonaws.com",
        "AssumeRole",
        True,
        f'{{"roleArn":"{arn}","roleSessionName":"{name}","durationSeconds":3600}}',
        f'{{"credentials":{{"accessKeyId":"ASIA{digits[12:28].upper()}","sessionToken":"IQoJb3JpZ2luX2VjE{digits}",'
        f'"expiration":"{session.until}"}},"assumedRoleUser":{{"assumedRoleId":'
        f'"AROA{digits[:17].upper()}:{name}","arn":"arn:aws:sts::{session.account}:assumed-role/{role}/{name}"}}}}',
        f'[{{"accountId":"{session.account}","type":"AWS::IAM::Role","ARN":"{arn}"}}]',
    )


def assume_with_saml(session: Session, person: Person, grant: Grant, digits: str) -> Call:
    """Return a person's entry into an SSO role."""
    role = f"arn:aws:iam::{grant.account}:role/aws-reserved/sso.amazonaws.com/{grant.role}"
    provider = f"arn:aws:iam::{grant.account}:saml-provider/AWSSSO_{grant.role_id[-16:].lower()}_DO_NOT_DELETE"
    qualifier = f"{person.azure_puid.lower()}{grant.account}="
    return Call(
        "sts.amazonaws.com",
        "AssumeRoleWithSAML",
        True,
        f'{{"sAMLAssertionID":"_{uuid(digits)}","roleSessionName":"{person.email}","roleArn":"{role}",'
        f'"principalArn":"{provider}","durationSeconds":28800}}',
        f'{{"credentials":{{"accessKeyId":"ASIA{digits[:16].upper()}","sessionToken":"IQoJb3JpZ2luX2VjE{digits}",'
        f'"expiration":"{session.until}"}},"assumedRoleUser":{{"assumedRoleId":'
        f'"{grant.role_id}:{person.email}","arn":"arn:aws:sts::{grant.account}:assumed-role/{grant.role}/{person.email}"}},'
        f'"subject":"{person.email}","subjectType":"persistent","issuer":"https://portal.sso.us-east-1.amazonaws.com/'
        f'saml/assertion/example","audience":"https://signin.aws.amazon.com/saml","nameQualifier":"{qualifier}"}}',
        f'[{{"accountId":"{grant.account}","type":"AWS::IAM::Role","ARN":"{role}"}},'
        f'{{"accountId":"{grant.account}","type":"AWS::IAM::SAMLProvider","ARN":"{provider}"}}]',
    )


def _issued(session: Session, account: str, role: tuple[str, str], name: str, key: str, more: str = "") -> str:
    return (
        f'{{"credentials":{{"accessKeyId":"{key}","sessionToken":"IQoJb3JpZ2luX2VjE{key.lower()}",'
        f'"expiration":"{session.until}"}},{more}"assumedRoleUser":{{"assumedRoleId":"{role[1]}:{name}",'
        f'"arn":"arn:aws:sts::{account}:assumed-role/{role[0]}/{name}"}}}}'
    )


def assume_with_web_identity(session: Session, subject: str, role: tuple[str, str], name: str, key: str) -> Call:
    """Return a job's entry into a role (name, id); `key` is the access key that it gets."""
    arn = f"arn:aws:iam::{session.account}:role/{role[0]}"
    provider = _oidc_provider(session.account)
    more = f'"subjectFromWebIdentityToken":"{subject}","provider":"{provider}","audience":"sts.amazonaws.com",'
    return Call(
        "sts.amazonaws.com",
        "AssumeRoleWithWebIdentity",
        True,
        f'{{"roleArn":"{arn}","roleSessionName":"{name}","durationSeconds":3600}}',
        _issued(session, session.account, role, name, key, more),
        f'[{{"accountId":"{session.account}","type":"AWS::IAM::Role","ARN":"{arn}"}}]',
        '{"identityProviderConnectionVerificationMethod":"IAMTrustStore"}',
    )


def assume_role(session: Session, account: str, role: tuple[str, str], name: str, key: str) -> Call:
    """Return the step from one role into another (name, id), which may be of another account."""
    arn = f"arn:aws:iam::{account}:role/{role[0]}"
    return Call(
        "sts.amazonaws.com",
        "AssumeRole",
        True,
        f'{{"roleArn":"{arn}","roleSessionName":"{name}","durationSeconds":3600}}',
        _issued(session, account, role, name, key),
        f'[{{"accountId":"{account}","type":"AWS::IAM::Role","ARN":"{arn}"}}]',
    )


def change_calls(
    org: Organisation, session: Session, deploys: str, digits: str, image: str = ""
) -> list[tuple[Call, str]]:
    """Return what a deployment of a `service`, `function` or `stack` changes, each with the resource's uid.

    A service runs the `image`, or one that nobody told of.
    """
    account, region = session.account, session.region
    name = f"{deploys}-{digits[0]}"
    image = image or f"{account}.dkr.ecr.{region}.amazonaws.com/{name}@sha256:{digits * 2}"
    if deploys == "service":
        task = f"arn:aws:ecs:{region}:{account}:task-definition/{name}:{int(digits[1:4], 16)}"
        service = f"arn:aws:ecs:{region}:{account}:service/main/{name}"
        register = Call(
            "ecs.amazonaws.com",
            "RegisterTaskDefinition",
            False,
            f'{{"family":"{name}","containerDefinitions":[{{"name":"app","image":"{image}"}}]}}',
            f'{{"taskDefinition":{{"taskDefinitionArn":"{task}","status":"ACTIVE"}}}}',
        )
        update = Call(
            "ecs.amazonaws.com",
            "UpdateService",
            False,
            f'{{"cluster":"main","service":"{name}","taskDefinition":"{task}"}}',
            f'{{"service":{{"serviceArn":"{service}","serviceName":"{name}","status":"ACTIVE"}}}}',
        )
        return [(register, task), (update, service)]
    if deploys == "function":
        code = f'{{"functionName":"{name}","s3Bucket":"{org.buckets[account][3]}","publish":true,"dryRun":false}}'
        function = f'{{"functionName":"{name}","functionArn":"arn:aws:lambda:{region}:{account}:function:{name}"}}'
        settings = f'{{"functionName":"{name}","memorySize":512}}'
        return [
            (Call("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", False, code, function), name),
            (Call("lambda.amazonaws.com", "UpdateFunctionConfiguration20150331v2", False, settings, function), name),
        ]
    bucket = _pick(org.buckets[account], digits)
    group = f"sg-0{digits[4:20]}"
    rule = '"ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443}]}'
    return [
        (
            Call(
                "s3.amazonaws.com",
                "PutBucketPolicy",
                False,
                f'{{"bucketName":"{bucket}","Host":"{bucket}.s3.{region}.amazonaws.com","policy":""}}',
                "null",
                f"[{_bucket_resource(account, bucket)}]",
            ),
            f"arn:aws:s3:::{bucket}",
        ),
        (
            Call(
                "ec2.amazonaws.com",
                "AuthorizeSecurityGroupIngress",
                False,
                f'{{"groupId":"{group}",{rule}}}',
                f'{{"requestId":"{uuid(digits)}","_return":true}}',
            ),
            group,
        ),
    ]


def _describe_instances(org: Organisation, session: Session, digits: str) -> Call:
    instance = _pick(org.instances[session.account], digits)
    request = f'{{"instancesSet":{{"items":[{{"instanceId":"{instance}"}}]}},"filterSet":{{}}}}'
    return Call("ec2.amazonaws.com", "DescribeInstances", True, request)


def _filter_logs(org: Organisation, session: Session, digits: str) -> Call:
    request = f'{{"logGroupName":"/ecs/service-{digits[0]}","limit":100,"interleaved":true}}'
    return Call("logs.amazonaws.com", "FilterLogEvents", True, request)


def _register_task(org: Organisation, session: Session, digits: str) -> Call:
    revision = int(digits[1:4], 16)
    arn = f"arn:aws:ecs:{session.region}:{session.account}:task-definition/service-{digits[0]}:{revision}"
    return Call(
        "ecs.amazonaws.com",
        "UpdateService",
        False,
        f'{{"cluster":"main","service":"service-{digits[0]}","taskDefinition":"{arn}"}}',
        f'{{"service":{{"serviceName":"service-{digits[0]}","status":"ACTIVE",'
        f'"taskDefinition":"{arn}","desiredCount":3}}}}',
    )


def instance_call(name: str, instance: str, *, detail: str = "") -> Call:
    """Return an EC2 call that changes one instance; `detail` is the changed attribute as JSON members."""
    if name == "ModifyInstanceAttribute":
        request = f'{{"instanceId":"{instance}",{detail}}}'
        response = '{"requestId":"3f1c7a52-6a5e-4e0b-9b39-0e7f3a6f6a11","_return":true}'
    else:
        request = f'{{"instancesSet":{{"items":[{{"instanceId":"{instance}"}}]}}}}'
        now, before = (
            ('{"code":0,"name":"pending"}', '{"code":80,"name":"stopped"}')
            if name == "StartInstances"
            else ('{"code":64,"name":"stopping"}', '{"code":16,"name":"running"}')
        )
        response = (
            f'{{"requestId":"9a2c1f0e-2b77-4c8e-8f4e-4f5c0d1e2a33","instancesSet":{{"items":[{{"instanceId":'
            f'"{instance}","currentState":{now},"previousState":{before}}}]}}}}'
        )
    return Call("ec2.amazonaws.com", name, False, request, response)


def secret_call(secret_arn: str) -> Call:
    """Return the retrieval of one secret."""
    return Call("secretsmanager.amazonaws.com", "GetSecretValue", True, f'{{"secretId":"{secret_arn}"}}')


def attach_policy(kind: str, target: str, policy: str) -> Call:
    """Return the attachment of an AWS managed policy to a `User`, `Role` or `Group`."""
    field = f"{kind.lower()}Name"
    return Call(
        "iam.amazonaws.com",
        f"Attach{kind}Policy",
        False,
        f'{{"{field}":"{target}","policyArn":"arn:aws:iam::aws:policy/{policy}"}}',
    )


def denied(session: Session, service: str, name: str, *, read_only: bool = True, data: bool = False) -> Call:
    """Return a call that IAM refuses."""
    prefix = service.split(".")[0]
    message = (
        f"User: {session.principal} is not authorized to perform: {prefix}:{name} "
        f"because no identity-based policy allows the {prefix}:{name} action"
    )
    code = "Client.UnauthorizedOperation" if prefix == "ec2" else "AccessDenied"
    return Call(service, name, read_only, error=(code, message), data=data)


def console_login(*, success: bool, mfa: bool, reason: str = "Failed authentication") -> Call:
    """Return a sign-in at the console."""
    return Call(
        "signin.amazonaws.com",
        "ConsoleLogin",
        False,
        "null",
        f'{{"ConsoleLogin":"{"Success" if success else "Failure"}"}}',
        additional='{"LoginTo":"https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true",'
        f'"MobileVersion":"No","MFAUsed":"{"Yes" if mfa else "No"}"}}',
        error=None if success else ("", reason),
        event_type="AwsConsoleSignIn",
    )


_PEOPLE: list[tuple[float, Caller]] = [
    (8.0, _describe_instances),
    (3.0, _filter_logs),
    (5.0, _object("GetObject")),
    (1.5, _object("PutObject")),
    (3.0, _list_objects),
    (1.5, _kms("Decrypt")),
    *_reads("ec2", "DescribeSecurityGroups", "DescribeVpcs", "DescribeSubnets", "DescribeVolumes"),
    *_reads("iam", "ListRoles", "ListUsers", "GetAccountSummary"),
    *_reads("sts", "GetCallerIdentity"),
    *_reads("logs", "DescribeLogGroups"),
    *_reads("cloudtrail", "LookupEvents", "DescribeTrails", request='{"maxResults":50}'),
    *_reads("monitoring", "DescribeAlarms", request='{"maxRecords":100}'),
    *_reads("rds", "DescribeDBInstances", request='{"maxRecords":100}'),
    *_reads(
        "lambda",
        "ListFunctions20150331",
        "GetFunction20150331v2",
        request='{"functionName":"orders-webhook"}',
    ),
    *_reads("s3", "ListBuckets", request='{"Host":"s3.amazonaws.com"}'),
    *_reads("secretsmanager", "ListSecrets", request='{"maxResults":100}'),
]
_WORK: dict[str, list[tuple[float, Caller]]] = {
    "data": [(6.0, _object("GetObject")), (3.0, _object("PutObject")), (3.0, _kms("Decrypt"))],
    "etl": [(4.0, _object("GetObject")), (3.0, _object("PutObject")), (2.0, _copy), (1.0, _list_objects)],
    "deploy": [(3.0, _register_task), (1.0, _object("PutObject")), *_reads("ecs", "DescribeServices")],
    "terraform": [
        (2.0, _describe_instances),
        *_reads("iam", "GetRole", "ListRolePolicies", request='{"roleName":"app-orders"}'),
        *_reads("ec2", "DescribeSecurityGroups", "DescribeVpcs", "DescribeRouteTables"),
        *_reads(
            "s3",
            "GetBucketPolicy",
            "GetBucketVersioning",
            request='{"bucketName":"example-org-terraform-state"}',
        ),
    ],
    "backup": [(2.0, _list_objects), (5.0, _object("GetObject")), (3.0, _object("PutObject"))],
    "export": [(1.0, _list_objects), (3.0, _object("PutObject")), (2.0, _object("GetObject"))],
    "inventory": [
        (2.0, _describe_instances),
        *_reads("ec2", "DescribeVolumes", "DescribeSnapshots"),
        *_reads("rds", "DescribeDBInstances"),
        *_reads("s3", "ListBuckets"),
    ],
    "audit": [
        *_reads("iam", "GetAccountSummary", "GenerateCredentialReport", "ListUsers", "GetAccountPasswordPolicy"),
        *_reads("cloudtrail", "DescribeTrails", "GetTrailStatus", "GetEventSelectors"),
        *_reads("config", "DescribeConfigurationRecorders"),
    ],
    "trail": [(9.0, _trail_put), (4.0, _trail_acl), (3.0, _kms("GenerateDataKey"))],
    "assume": [(1.0, _assume)],
    "kms": [(3.0, _kms("Decrypt")), (1.0, _kms("GenerateDataKey"))],
}
_READS_SECRETS = frozenset({"data", "deploy", "export"})
_DENIALS = (
    ("ec2.amazonaws.com", "DescribeReservedInstances"), ("iam.amazonaws.com", "ListAccessKeys"),
    ("s3.amazonaws.com", "GetBucketPolicy"), ("organizations.amazonaws.com", "DescribeOrganization"),
    ("ce.amazonaws.com", "GetCostAndUsage"), ("guardduty.amazonaws.com", "ListDetectors"),
)  # fmt: skip


def _weighted(calls: Sequence[tuple[float, Caller]]) -> tuple[list[Caller], list[float]]:
    total = 0.0
    sums: list[float] = []
    for weight, _ in calls:
        total += weight
        sums.append(total)
    return [call for _, call in calls], sums


# --- the feed -----------------------------------------------------------------------------------------------


class CloudTrail:
    """Ordinary activity in AWS, and the delivery of everything into one bucket."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        org = run.organisation
        self.distinct = 0
        self._run = run
        self._org = org
        self._rng = run.rng(NAME)
        self._names = run.rng(f"{NAME}/names")
        self._crowd = Crowd(org.engineers(), self._rng, run.start, run.end, expected * HUMAN_SHARE)
        self._schedules = Schedules(org.workloads, run.start, run.end, expected * (1 - HUMAN_SHARE))
        self._caps = Caps()
        self._turn: dict[int, int] = {}
        self._people = _weighted(_PEOPLE)
        self._work = {does: _weighted(calls) for does, calls in _WORK.items()}
        self._slots: dict[tuple[int, str, int], list[str]] = {}
        self._phases: dict[str, int] = {}

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects delivered in the step from `start`."""
        for person in self._crowd.round(start):
            self._round(person, start)
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            self._person_burst(person, start, size)
        for workload, size in self._schedules.bursts(start):
            self._workload_burst(workload, start, size)
        for record in planted:
            self._deliver([record], self._rng.randrange(10, 200))
        quiet = start - self._run.start
        if quiet % QUIET_EVERY_S == 0:
            self._slots.setdefault((start + 60, QUIET_STREAM, 0), [])
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._due(None)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._slots if until is None or slot[0] < until):
            bodies = self._slots.pop(slot)
            at, stream, _ = slot
            for first in range(0, max(1, len(bodies)), OBJECT_RECORDS):
                yield self._object(at, stream, bodies[first : first + OBJECT_RECORDS])

    def _object(self, at: int, stream: str, bodies: Sequence[str]) -> Delivery:
        account, region, *folder = stream.split("/")
        (kind,) = folder or ("CloudTrail",)
        suffix = "".join(self._names.choices(_NAME_ALPHABET, k=16))
        key = (
            f"{ROOT}/{account}/{kind}/{region}/{compact_time(at, '%Y/%m/%d')}/"
            f"{account}_{kind}_{region}_{compact_time(at, '%Y%m%dT%H%MZ')}_{suffix}.json.gz"
        )
        text = '{"Records":[' + ",".join(bodies) + "]}"
        return Delivery(
            source=NAME,
            key=key,
            data=igzip.compress(text.encode(), GZIP_LEVEL, mtime=0),
            delivered_at=utc(at),
            offset=None,
            records=len(bodies),
        )

    def _deliver(self, records: Sequence[Record], delay: int) -> None:
        """Put records into the objects of their streams, and a few of them into a second one too."""
        self.distinct += len(records)
        slots = self._slots
        phases = self._phases
        again = self._rng.randrange(3) * 300 if self._rng.random() < REDELIVERY else -1
        for at_ms, stream, _, body in records:
            phase = phases.get(stream)
            if phase is None:
                phase = phases[stream] = len(phases) * 37 % 300
            at = ((at_ms // 1000 + delay - phase) // 300 + 1) * 300 + phase
            key = (at, stream, 0)
            bodies = slots.get(key)
            if bodies is None:
                slots[key] = [body]
            else:
                bodies.append(body)
            if again >= 0:
                slots.setdefault((at + again, stream, 0 if again else 1), []).append(body)

    def _delay(self) -> int:
        rng = self._rng
        return rng.randrange(20, 75) if rng.random() < 0.8 else rng.randrange(75, 300)

    def _times(self, start: int, size: int, spread: int) -> list[int]:
        rng = self._rng
        first = start + int(rng.random() * TICK_S)
        last = self._run.end - 1
        return [min(first + int(rng.random() * spread), last) for _ in range(size)]

    def _burst(
        self, session: Session, calls: tuple[list[Caller], list[float]], start: int, size: int, spread: int
    ) -> None:
        org = self._org
        chosen = self._rng.choices(calls[0], cum_weights=calls[1], k=size)
        digits = self._rng.randbytes(_RANDOM_HEX // 2 * size).hex()
        records = [
            render(session, call(org, session, digits[n + 64 : n + 96]), at, digits[n : n + 64])
            for n, call, at in zip(
                range(0, size * _RANDOM_HEX, _RANDOM_HEX),
                chosen,
                self._times(start, size, spread),
                strict=True,
            )
        ]
        self._deliver(records, self._delay())

    def _one(self, session: Session, call: Call, at: int) -> Record:
        return render(session, call, min(at, self._run.end - 1), self._rng.randbytes(32).hex())

    def _round(self, person: Person, start: int) -> None:
        for grant in person.grants:
            for network in person.networks:
                session = person_session(person, grant, at_s=start, ip=network.ip)
                self._enter(person, grant, network.ip, start)
                self._burst(session, self._people, start, 2, HUMAN_SPREAD_S)

    def _enter(self, person: Person, grant: Grant, ip: str, start: int) -> None:
        session = federated_session(person, grant, at_s=start, ip=ip)
        call = assume_with_saml(session, person, grant, self._rng.randbytes(16).hex())
        self._deliver([self._one(session, call, start)], self._delay())

    def _person_burst(self, person: Person, start: int, size: int) -> None:
        turn = self._turn[person.index] = self._turn.get(person.index, 0) + 1
        grant = person.grants[turn % len(person.grants)]
        network = person.networks[turn // len(person.grants) % len(person.networks)]
        session = person_session(person, grant, at_s=start, ip=network.ip)
        if self._rng.random() < ENTRY_SHARE:
            self._enter(person, grant, network.ip, start)
        for first in range(0, size, MAX_BURST):
            self._burst(session, self._people, start, min(MAX_BURST, size - first), HUMAN_SPREAD_S)
        if self._rng.random() < 0.12:
            self._noise(session, person, start)
        if size > UNUSUAL:
            self._insight(session, start, size)

    def _insight(self, session: Session, start: int, calls: int) -> None:
        """Tell of a burst that was unusual: when it begins, and when it has ended, if that is before the run's end."""
        rng = self._rng
        minutes = rng.randrange(2, 8)
        shared = rng.randbytes(16).hex()
        call = _describe_instances(self._org, session, shared)
        for state, at in (("Start", start), ("End", start + 60 * minutes)):
            if at < self._run.end:
                digits = shared + rng.randbytes(16).hex()
                self._deliver([insight(session, call, state, at, calls, minutes, digits)], rng.randrange(60, 240))

    def _workload_burst(self, workload: Workload, start: int, size: int) -> None:
        session = workload_session(workload, at_s=start)
        calls = self._work[workload.does]
        for first in range(0, size, MAX_BURST):
            self._burst(session, calls, start, min(MAX_BURST, size - first), MACHINE_SPREAD_S)
        caps, rng, group = self._caps, self._rng, session.group
        if workload.does in _READS_SECRETS and rng.random() < 0.2 and caps.take(start, group, "secret", 3):
            secret = rng.choice(self._org.secrets[workload.account][:8])
            self._deliver([self._one(session, secret_call(secret), start + rng.randrange(280))], self._delay())
        if workload.does == "backup" and rng.random() < 0.5 and caps.take(start, group, "delete", 2):
            self._deletes(session, start, rng.randrange(1, 7))

    def _deletes(self, session: Session, start: int, count: int) -> None:
        records: list[Record] = []
        for n in range(count):
            digits = self._rng.randbytes(16).hex()
            bucket = _pick(self._org.buckets[session.account], digits)
            call = s3_object(session, "DeleteObject", bucket, f"tmp/{digits[4:16]}.tmp", digits)
            records.append(self._one(session, call, start + 20 * n))
        self._deliver(records, self._delay())

    def _noise(self, session: Session, person: Person, start: int) -> None:
        """Add something unusual that is nevertheless all right, rationed for each role and hour."""
        rng, caps, group = self._rng, self._caps, session.group
        org, account = self._org, session.account
        kind = rng.randrange(6)
        at = start + rng.randrange(200)
        calls: list[Call] = []
        if kind == 0 and caps.take(start, group, "denied", 2):
            calls = [denied(session, *rng.choice(_DENIALS)) for _ in range(rng.randrange(1, 4))]
        elif kind == 1 and caps.take(start, group, "secret", 3):
            calls = [secret_call(rng.choice(org.secrets[account]))]
        elif kind == 2 and caps.take(start, group, "delete", 2):
            self._deletes(session, start, rng.randrange(1, 6))
        elif kind == 3:
            instance = rng.choice(org.instances[account])
            resize = instance_call("ModifyInstanceAttribute", instance, detail='"instanceType":{"value":"m7i.large"}')
            calls = [
                instance_call("StopInstances", instance),
                resize,
                instance_call("StartInstances", instance),
            ]
        elif kind == 4 and session.admin:
            policy = rng.choice(("ReadOnlyAccess", "AmazonS3ReadOnlyAccess", "CloudWatchReadOnlyAccess"))
            calls = [attach_policy(rng.choice(("Role", "Group")), f"team-{rng.randrange(8)}", policy)]
        elif kind == 5 and caps.take(start, group, "denied", 2):
            calls = [denied(session, "cloudtrail.amazonaws.com", "StopLogging", read_only=False)]
        records = [self._one(session, call, at + 25 * n) for n, call in enumerate(calls)]
        if records:
            self._deliver(records, self._delay())


def planted(session: Session, call: Call, at_ms: int, rng: random.Random) -> Record:
    """Return one record of a chain."""
    return render(session, call, at_ms // 1000, rng.randbytes(32).hex())


SOURCE = Source(name=NAME, root=BUCKET, share=0.75, open=CloudTrail)
