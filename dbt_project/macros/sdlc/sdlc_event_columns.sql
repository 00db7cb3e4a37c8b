{#
    The columns of rollup_sdlc_event, in order: as `own` says, else as the relation has them where it is told (`said`), else null.
    `said` holds names, or is true for all.
#}
{% macro sdlc_event_columns(own={}, said=true) -%}
{%- set columns = {
    'event_date': 'date', 'event_uid': 'varchar', 'source': 'varchar', 'time_dt': 'timestamptz', 'sdlc_event_type': 'varchar',
    'is_failure': 'boolean', 'actor_user_name': 'varchar', 'actor_user_type': 'varchar', 'message': 'varchar',
    'start_time_dt': 'timestamptz', 'end_time_dt': 'timestamptz', 'status_code': 'varchar', 'status_detail': 'varchar',
    'vcs_provider': 'varchar', 'vcs_repository_name': 'varchar', 'vcs_repository_uid': 'varchar',
    'vcs_repository_visibility': 'varchar', 'vcs_ref_name': 'varchar', 'vcs_ref_type': 'varchar', 'vcs_ref_revision': 'varchar',
    'vcs_base_revision': 'varchar', 'vcs_base_name': 'varchar', 'vcs_change_uid': 'varchar', 'vcs_change_title': 'varchar',
    'vcs_change_author': 'varchar', 'vcs_change_state': 'varchar', 'vcs_merge_revision': 'varchar',
    'vcs_review_state': 'varchar', 'vcs_commit_author': 'varchar', 'vcs_commit_author_email_addr': 'varchar',
    'vcs_commit_signature': 'varchar', 'vcs_is_forced': 'boolean', 'vcs_is_signature_verified': 'boolean',
    'vcs_setting_name': 'varchar', 'vcs_setting_target': 'varchar', 'vcs_setting_value': 'varchar', 'cicd_provider': 'varchar',
    'cicd_pipeline_name': 'varchar', 'cicd_pipeline_path': 'varchar', 'cicd_run_uid': 'varchar', 'cicd_run_attempt': 'integer',
    'cicd_run_result': 'varchar', 'cicd_trigger': 'varchar', 'cicd_runner_type': 'varchar', 'cicd_task_uid': 'varchar',
    'cicd_task_name': 'varchar', 'cicd_environment_name': 'varchar', 'cicd_deployment_uid': 'varchar',
    'cicd_deployment_state': 'varchar', 'artifact_name': 'varchar', 'artifact_digest': 'varchar', 'artifact_purl': 'varchar',
    'provenance_verified': 'boolean',
} -%}
{%- for name, type in columns.items() -%}
    {{ '\n        ' if not loop.first }}{% if name in own %}{{ own[name] }} as {{ name }}{% elif said is true or name in said %}{{ name }}{% else %}cast(null as {{ type }}) as {{ name }}{% endif %}{{ ',' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
