{{ health_column_hours() }}
