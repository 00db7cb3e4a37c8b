{%- set where -%}
    protocol_num in (6, 17)
    and dst_endpoint_ip is not null
    and dst_endpoint_port not in (0, 53, 80, 123, 443)
    and (action_id = 2 or dst_endpoint_port < 32768)
{%- endset -%}
{{ detect_threshold(
    input=ref('ocsf_network_activity'),
    where=where,
    entity=['src_endpoint_ip'],
    window=15,
    at_least=10,
    distinct='target',
    derive={'target': "concat_ws(':', dst_endpoint_ip, cast(dst_endpoint_port as string))"},
    columns=['dst_endpoint_ip', 'dst_endpoint_port', 'action_id'],
    facts={
        'targets': 'count(distinct target)',
        'hosts': 'count(distinct dst_endpoint_ip)',
        'ports': 'count(distinct dst_endpoint_port)',
        'accepted': 'sum(case when action_id = 1 then 1 else 0 end)',
        'reached': distinct_texts("case when action_id = 1 then target end", 50),
    },
    title="concat_ws(' ', src_endpoint_ip, 'knocked at', cast(ports as string), 'ports of', cast(hosts as string), 'hosts')"
) }}
