"""What is kept: rows in SQLite, and the bytes of files under the name of their SHA-256."""
