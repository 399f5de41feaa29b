"""A batch job: checks records against rules, drops duplicates, writes Parquet and a manifest."""
