"""What runs around the product: the local default, Airflow images, cloud modules."""
