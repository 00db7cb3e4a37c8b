{#
    A changed property of a target in Entra's audit log, by its name: the value after the change or, where it is gone, before
    it. `changes` is a list of {displayName, oldValue, newValue}, whose values are JSON text: of a JSON string, its text up to
    the first quotation mark.
#}
{% macro entra_changed(changes, name) -%}
    nullif(regexp_extract(coalesce(
        {{ list_item(list_where(changes, "item.displayName = '" ~ name ~ "'"), 1) }}.newValue,
        {{ list_item(list_where(changes, "item.displayName = '" ~ name ~ "'"), 1) }}.oldValue
    ), '^"?([^"]*)', 1), '')
{%- endmacro %}
