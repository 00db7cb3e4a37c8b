{#
    API Activity's activity_id (1 Create, 2 Read, 3 Update, 4 Delete, 99 Other) of a call that no seed names, from the
    first word of a CamelCase operation and, where the source says so, whether it only reads ('true', 'false' or NULL).
#}
{% macro api_activity_of(operation, read_only='null') -%}
    {%- set verb = "regexp_extract(" ~ operation ~ ", '^([A-Z][a-z]+)', 1)" -%}
    case
        when {{ read_only }} = 'true' then 2
        when {{ verb }} in (
            'Create', 'Run', 'Allocate', 'Register', 'Import', 'Copy', 'Upload', 'Launch', 'Provision', 'Issue', 'Request',
            'Generate', 'Restore', 'Clone', 'Publish', 'Purchase', 'Export'
        ) then 1
        when {{ verb }} in (
            'Delete', 'Terminate', 'Deregister', 'Release', 'Purge', 'Destroy', 'Deprovision', 'Unsubscribe'
        ) then 4
        when {{ verb }} in (
            'Update', 'Put', 'Modify', 'Set', 'Attach', 'Detach', 'Associate', 'Disassociate', 'Enable', 'Disable', 'Start',
            'Stop', 'Reboot', 'Add', 'Remove', 'Tag', 'Untag', 'Authorize', 'Revoke', 'Change', 'Replace', 'Reset', 'Rotate',
            'Grant', 'Retire', 'Cancel', 'Schedule', 'Activate', 'Deactivate', 'Accept', 'Reject', 'Resume', 'Suspend',
            'Move', 'Merge', 'Apply', 'Deploy', 'Promote', 'Transfer', 'Upgrade', 'Extend', 'Switch', 'Renew', 'Restrict',
            'Subscribe', 'Edit', 'Archive', 'Unarchive', 'Invite', 'Leave', 'Share', 'Unassign', 'Assign', 'Increase',
            'Decrease', 'Failover', 'Monitor', 'Unmonitor', 'Confirm', 'Write'
        ) then 3
        when {{ verb }} in (
            'Get', 'List', 'Describe', 'Head', 'Lookup', 'Search', 'Select', 'Query', 'Scan', 'View', 'Check', 'Test',
            'Simulate', 'Decode', 'Download', 'Decrypt', 'Preview', 'Discover', 'Estimate', 'Verify', 'Validate', 'Count',
            'Receive', 'Read', 'Filter', 'Detect'
        ) then 2
        else 99
    end
{%- endmacro %}
