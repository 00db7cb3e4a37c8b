"""The embedded Airflow: SQLite, LocalExecutor, loopback only, everything under one folder of the checkout."""
