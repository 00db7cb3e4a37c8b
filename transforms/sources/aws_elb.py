"""Elastic Load Balancing access logs: Application, Network (TLS) and Classic load balancers, a line of text a request.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from transforms.decoders.lines import Header, Lines, with_quotes
from transforms.sources.base import KeyTemplate, Source, Table, Value

if TYPE_CHECKING:
    import pyarrow as pa

APPLICATION = (
    "type time elb client target request_processing_time target_processing_time response_processing_time"
    " elb_status_code target_status_code received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol"
    " target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time"
    " actions_executed redirect_url error_reason target_list target_status_code_list classification"
    " classification_reason conn_trace_id transformed_host transformed_uri request_transform_status"
)
NETWORK = (
    "type version time elb listener client target connection_time tls_handshake_time received_bytes sent_bytes"
    " incoming_tls_alert chosen_cert_arn chosen_cert_serial tls_cipher tls_protocol_version tls_named_group"
    " domain_name alpn_fe_protocol alpn_be_protocol alpn_client_preference_list tls_connection_creation_time"
)
CLASSIC = (
    "time elb client target request_processing_time target_processing_time response_processing_time"
    " elb_status_code target_status_code received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol"
)
"""AWS's tables of fields, in their order; what the three call by different names has the Application's here."""


def clock(columns: Mapping[str, pa.Array]) -> Sequence[Value]:
    """When the response was sent, or the connection closed. A Network Load Balancer writes UTC without saying so."""
    return [_time(value) for value in columns["time"].to_pylist()]


def _time(value: bytes | None) -> Value:
    if value is None or value == b"-":
        return None
    text = value.decode("utf-8", "replace")
    return text if text.endswith("Z") else f"{text}Z"


SOURCE = Source(
    name="aws_elb",
    title="Elastic Load Balancing access logs",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    lateness="a file for each node every 5 minutes (Classic: 5 or 60), eventually consistent",
    cadence=timedelta(minutes=5),
    keys=KeyTemplate(
        segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"),
        overlap=timedelta(days=2),
    ),
    framing=Lines(
        layouts=(
            Header(APPLICATION, tuple(APPLICATION.split()), least=18),
            Header(NETWORK, tuple(NETWORK.split()), begins=(b"tls ",), least=16),
            Header(CLASSIC, tuple(CLASSIC.split()), begins=(b"2",), least=12),
        ),
        split=with_quotes,
        grows_right=True,
    ),
    table=Table(
        # no load balancer gives a request an id of its own: a trace id is the client's to repeat
        identity=(
            *("type", "time", "elb", "listener", "client", "target", "elb_status_code", "received_bytes", "sent_bytes"),
            *("request", "user_agent", "trace_id", "conn_trace_id"),
        ),
        needed=("time", "elb", "client", "target"),
        clock_columns=("time",),
        clock=clock,
    ),
)
