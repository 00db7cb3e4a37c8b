{%- set succeeded = "api_service_name = 'ec2.amazonaws.com' and status_id = 1" -%}
{{ detect_sequence(
    first={
        'input': ref('ocsf_api_activity'),
        'where': succeeded ~ " and api_operation = 'StopInstances'",
        'explode': {'instance_uid': json_text_list('api_request_data', '$.instancesSet.items', 'instanceId')},
    },
    then={
        'input': ref('ocsf_api_activity'),
        'where': succeeded ~ " and api_operation = 'ModifyInstanceAttribute'
            and lower(api_request_data) like '%\"userdata\"%'",
        'derive': {'instance_uid': json_at('api_request_data', '$.instanceId')},
    },
    entity=['cloud_account_uid', 'instance_uid'],
    window=60,
    facts={'actors': distinct_texts('actor_user_uid'), 'addresses': distinct_texts('src_endpoint_ip')},
    subject={
        'resource_uid': 'ranked.instance_uid', 'resource_name': 'ranked.instance_uid', 'resource_type': "'AWS::EC2::Instance'"
    },
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'),
        'replaced the start-up script of the stopped instance', instance_uid)"
) }}
