{# Of the address that a repository is cloned from: whose it is, by its host, and owner and name. #}
{% macro vcs_provider_of(remote) -%}
    case
        when {{ remote }} like '%github.com%' then 'github'
        when {{ remote }} like '%gitlab%' then 'gitlab'
        when {{ remote }} like '%bitbucket.org%' then 'bitbucket'
        when {{ remote }} like '%dev.azure.com%' or {{ remote }} like '%.visualstudio.com%' then 'azure_repos'
    end
{%- endmacro %}

{% macro vcs_repository_of(remote) -%}
    nullif(regexp_extract({{ remote }}, '^(https?://[^/]+/|ssh://[^/]+/|[^/@]+@[^:/]+:)(.+?)([.]git)?/?$', 2), '')
{%- endmacro %}
