{{ detect_silence(
    rollup=ref('rollup_health_source_hour'),
    where='rows_count > ahead_count',
    entity=['source', 'account_uid'],
    days=7,
    hours=3,
    lateness=360,
    spoken={'cloud_account_uid': "nullif(last_words.account_uid, '-')"},
    title="concat_ws(' ', source, 'says nothing', case when account_uid <> '-' then concat('of account ', account_uid) end,
        'for a whole day, though it spoke on each of the seven days before')"
) }}
