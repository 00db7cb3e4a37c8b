{#
    The response code of a DNS answer by number and by OCSF's name, from what resolvers write (the names of the IANA
    registry, https://www.iana.org/assignments/dns-parameters). NULL where nothing was answered; a code that OCSF does not
    name is 99, under the source's own name.
#}
{% macro dns_rcode_id(rcode) -%}
    cast(
        case upper({{ rcode }})
        {%- for id, names in dns_rcodes().items() %}
            when '{{ names[0] }}' then {{ id }}
        {%- endfor %}
            else case when {{ rcode }} is not null then 99 end
        end as integer
    )
{%- endmacro %}

{% macro dns_rcode_name(rcode) -%}
    case upper({{ rcode }})
    {%- for names in dns_rcodes().values() %}
        when '{{ names[0] }}' then '{{ names[1] }}'
    {%- endfor %}
        else {{ rcode }}
    end
{%- endmacro %}

{# https://schema.ocsf.io/1.8.0/classes/dns_activity: number -> (name in the DNS, name in OCSF). #}
{% macro dns_rcodes() -%}
    {{ return({
        0: ('NOERROR', 'NoError'), 1: ('FORMERR', 'FormError'), 2: ('SERVFAIL', 'ServError'), 3: ('NXDOMAIN', 'NXDomain'),
        4: ('NOTIMP', 'NotImp'), 5: ('REFUSED', 'Refused'), 6: ('YXDOMAIN', 'YXDomain'), 7: ('YXRRSET', 'YXRRSet'),
        8: ('NXRRSET', 'NXRRSet'), 9: ('NOTAUTH', 'NotAuth'), 10: ('NOTZONE', 'NotZone'), 11: ('DSOTYPENI', 'DSOTYPENI'),
        16: ('BADVERS', 'BADSIG_VERS'), 17: ('BADKEY', 'BADKEY'), 18: ('BADTIME', 'BADTIME'), 19: ('BADMODE', 'BADMODE'),
        20: ('BADNAME', 'BADNAME'), 21: ('BADALG', 'BADALG'), 22: ('BADTRUNC', 'BADTRUNC'), 23: ('BADCOOKIE', 'BADCOOKIE'),
    }) }}
{%- endmacro %}

{# A name of the DNS without the closing dot and in lower case, as names are compared; the root is `.`. #}
{% macro dns_hostname(name) -%}
    lower(coalesce(nullif(regexp_replace({{ name }}, '[.]$', ''), ''), nullif({{ name }}, '')))
{%- endmacro %}
