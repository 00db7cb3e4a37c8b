{# The name of a google.rpc.Code that is an error; NULL for 0 (OK) and for what is none: https://cloud.google.com/apis/design/errors #}
{% macro rpc_code_name(code) -%}
    case {{ code }}
        when 1 then 'CANCELLED'
        when 2 then 'UNKNOWN'
        when 3 then 'INVALID_ARGUMENT'
        when 4 then 'DEADLINE_EXCEEDED'
        when 5 then 'NOT_FOUND'
        when 6 then 'ALREADY_EXISTS'
        when 7 then 'PERMISSION_DENIED'
        when 8 then 'RESOURCE_EXHAUSTED'
        when 9 then 'FAILED_PRECONDITION'
        when 10 then 'ABORTED'
        when 11 then 'OUT_OF_RANGE'
        when 12 then 'UNIMPLEMENTED'
        when 13 then 'INTERNAL'
        when 14 then 'UNAVAILABLE'
        when 15 then 'DATA_LOSS'
        when 16 then 'UNAUTHENTICATED'
    end
{%- endmacro %}
