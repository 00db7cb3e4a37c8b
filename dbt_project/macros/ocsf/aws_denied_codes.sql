{# What the APIs of AWS call it when somebody may not: a list for `in`. #}
{% macro aws_denied_codes() -%}
    (
        'AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Client.UnauthorizedOperation', 'UnauthorizedAccess',
        'VpceAccessDenied'
    )
{%- endmacro %}
