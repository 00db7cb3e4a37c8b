{# Of a webhook what landing found of its signature, where that proves nothing; null where it holds, or nobody can say. #}
{% macro unsigned(attributes) -%}
    case when {{ json_text(attributes, 'signature') }} in ('invalid', 'absent') then {{ json_text(attributes, 'signature') }} || ' signature' end
{%- endmacro %}

{# The same in words. #}
{% macro unsigned_detail(state) -%}
    case {{ state }}
        when 'invalid signature' then 'the signature is that of no configured secret: anyone may have sent this'
        when 'absent signature' then 'not signed, although a secret is configured: anyone may have sent this'
    end
{%- endmacro %}
