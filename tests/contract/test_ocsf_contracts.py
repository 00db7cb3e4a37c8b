"""The OCSF class contracts: common columns are the same everywhere, all are typed, described and placed in OCSF."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"
CLASSES = sorted((MODELS / "ocsf").glob("ocsf_*.yml"))
EXTRAS = {
    "ocsf_api_activity": {
        "sdlc_event_type",
        "vcs_provider",
        "vcs_repository_name",
        "vcs_repository_uid",
        "vcs_repository_visibility",
        "vcs_ref_name",
        "vcs_ref_type",
        "vcs_ref_revision",
        "vcs_base_revision",
        "vcs_base_name",
        "vcs_change_uid",
        "vcs_change_state",
        "vcs_change_title",
        "vcs_change_author",
        "vcs_merge_revision",
        "vcs_review_state",
        "vcs_reviews",
        "vcs_commit_author",
        "vcs_commit_author_email_addr",
        "vcs_commit_signature",
        "vcs_is_forced",
        "vcs_is_signature_verified",
        "vcs_setting_name",
        "vcs_setting_target",
        "vcs_setting_value",
        "cicd_provider",
        "cicd_pipeline_name",
        "cicd_pipeline_path",
        "cicd_run_uid",
        "cicd_run_attempt",
        "cicd_run_result",
        "cicd_trigger",
        "cicd_runner_type",
        "cicd_task_uid",
        "cicd_task_name",
        "cicd_environment_name",
        "cicd_deployment_uid",
        "cicd_deployment_state",
        "artifact_name",
        "artifact_digest",
        "artifact_purl",
        "provenance_verified",
    },
    "ocsf_application_security_posture_finding": {
        "file_path",
        "file_line",
        "vcs_provider",
        "vcs_repository_name",
        "vcs_repository_uid",
        "vcs_ref_name",
        "vcs_ref_revision",
    },
    "ocsf_base_event": set(),
    "ocsf_software_inventory_info": {
        "device_uid",
        "package_name",
        "package_version",
        "package_purl",
        "package_cpe_name",
        "package_type",
        "package_license",
        "package_vendor_name",
        "package_sha256",
        "package_path",
        "sbom_uid",
        "sbom_type_id",
        "sbom_type",
        "sbom_version",
        "sbom_tool_name",
        "sbom_package_name",
        "sbom_package_version",
        "sbom_package_purl",
    },
    "ocsf_osint_inventory_info": {
        "osint_uid",
        "osint_type_id",
        "osint_type",
        "osint_value",
        "osint_desc",
        "osint_comment",
        "osint_category",
        "osint_confidence_id",
        "osint_confidence",
        "osint_created_dt",
        "osint_modified_dt",
        "osint_uploaded_dt",
        "osint_expiration_dt",
        "osint_labels",
        "osint_tlp",
        "osint_src_url",
        "osint_vendor_name",
        "osint_detection_pattern",
        "osint_detection_pattern_type_id",
        "osint_vulnerability_cve_uid",
        "osint_vulnerability_title",
        "osint_vulnerability_vendor_name",
        "osint_vulnerability_remediation_desc",
    },
    "ocsf_process_activity": {
        "device_hostname",
        "device_uid",
        "process_uid",
        "process_pid",
        "process_name",
        "process_file_path",
        "process_file_sha256",
        "process_cmd_line",
        "process_user_uid",
        "process_user_name",
        "parent_process_uid",
        "parent_process_pid",
        "parent_process_name",
        "exit_code",
        "container_uid",
        "container_name",
        "container_image_name",
        "container_image_digest",
        "pod_name",
        "pod_namespace",
    },
    "ocsf_compliance_finding": {
        "compliance_control",
        "compliance_standards",
        "compliance_requirements",
        "compliance_status_id",
        "compliance_status",
    },
    "ocsf_data_security_finding": {
        "data_security_category_id",
        "data_security_detection_system_id",
        "data_security_detection_pattern",
        "data_security_pattern_match",
        "file_path",
        "file_line",
        "vcs_provider",
        "vcs_repository_name",
        "vcs_repository_uid",
        "vcs_ref_name",
        "vcs_ref_revision",
    },
    "ocsf_cloud_resources_inventory_info": {
        "resource_uid_alt",
        "resource_zone",
        "resource_version",
        "resource_data",
        "resource_tags",
        "resource_created_dt",
        "resource_modified_dt",
        "resource_relations",
    },
    "ocsf_datastore_activity": {
        "databucket_name",
        "databucket_object",
        "database_name",
        "table_name",
        "datastore_type_id",
        "bytes",
    },
    "ocsf_detection_finding": {"attack_tactic_uids", "attack_technique_uids", "is_alert"},
    "ocsf_dns_activity": {
        "query_hostname",
        "query_type",
        "query_class",
        "rcode_id",
        "rcode",
        "answers",
        "firewall_rule_uid",
        "protocol_num",
        "protocol_name",
    },
    "ocsf_http_activity": {
        "http_method",
        "url_string",
        "url_scheme",
        "url_hostname",
        "url_port",
        "url_path",
        "url_query",
        "http_version",
        "http_status",
        "http_request_length",
        "http_response_length",
        "tls_version",
        "tls_cipher",
        "duration_ms",
        "firewall_rule_uid",
    },
    "ocsf_network_activity": {
        "direction_id",
        "direction",
        "protocol_num",
        "protocol_name",
        "tcp_flags",
        "boundary",
        "traffic_bytes",
        "traffic_packets",
        "src_endpoint_interface_uid",
        "dst_endpoint_interface_uid",
    },
    "ocsf_authentication": {"is_mfa", "mfa_factor", "auth_protocol_id", "logon_type_id", "service_name"},
    "ocsf_account_change": {"policy_uid", "policy_name"},
    "ocsf_user_access": {"policy_uid", "policy_name", "privileges"},
    "ocsf_group_management": {"group_name", "group_uid", "privileges"},
    "ocsf_vulnerability_finding": {"vulnerabilities"},
}
USER = {"user_name", "user_uid", "user_type", "user_email_addr", "user_account_uid", "user_credential_uid"}
WITH_USER = {"ocsf_authentication", "ocsf_account_change", "ocsf_user_access", "ocsf_group_management"}
FINDING = {
    "finding_info_uid",
    "finding_info_title",
    "finding_info_desc",
    "finding_info_types",
    "finding_info_analytic_uid",
    "finding_info_product_name",
    "finding_info_src_url",
    "finding_info_created_dt",
    "finding_info_modified_dt",
    "finding_info_first_seen_dt",
    "finding_info_last_seen_dt",
    "count",
    "confidence_id",
    "remediation_desc",
    "remediation_references",
}
LINEAGE = {"event_uid", "source", "object_uri", "record_no", "id_collision", "landed_at", "event_date"}
TYPES = r"(varchar|bigint|integer|boolean|timestamptz|date)(\[\])?|struct\(.+\)\[\]"


def columns(path: Path) -> dict[str, dict[str, Any]]:
    (model,) = yaml.safe_load(path.read_text())["models"]
    assert model["name"] == path.stem
    return {column["name"]: column for column in model["columns"]}


def extras(name: str) -> set[str]:
    return EXTRAS[name] | (USER if name in WITH_USER else set()) | (FINDING if name.endswith("_finding") else set())


def test_these_are_the_classes() -> None:
    assert {path.stem for path in CLASSES} == EXTRAS.keys()


@pytest.mark.parametrize("path", CLASSES, ids=lambda path: path.stem)
def test_common_columns_are_the_same_in_every_class(path: Path) -> None:
    common = columns(MODELS / "ocsf" / "ocsf_base_event.yml")
    own = columns(path)
    assert len(common) >= 80
    assert list(own)[: len(common)] == list(common)
    assert all(own[name] == common[name] for name in common)
    assert own.keys() - common.keys() == extras(path.stem)


@pytest.mark.parametrize("path", CLASSES, ids=lambda path: path.stem)
def test_every_column_is_typed_described_and_placed(path: Path) -> None:
    documented = set(re.findall(r"{% docs (\w+) %}", (MODELS / "docs_ocsf.md").read_text()))
    for name, column in columns(path).items():
        assert re.fullmatch(TYPES, column["data_type"]), f"{name}: {column['data_type']}"
        assert column["description"] == f"{{{{ doc('{name}') }}}}"
        assert name in documented
        placed = column.get("config", {}).get("meta", {}).get("ocsf_path")
        assert (placed is None) == (name in LINEAGE), f"{name}: {placed}"


@pytest.mark.parametrize("path", CLASSES, ids=lambda path: path.stem)
def test_a_class_model_is_its_contract(path: Path) -> None:
    assert path.with_suffix(".sql").read_text().strip() == "{{ ocsf_contract() }}"


def test_paths_are_unique_within_a_class() -> None:
    for path in CLASSES:
        paths = [c["config"]["meta"]["ocsf_path"] for c in columns(path).values() if "config" in c]
        assert len(paths) == len(set(paths)), path.stem
