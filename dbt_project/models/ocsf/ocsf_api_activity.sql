{{ ocsf_contract() }}
