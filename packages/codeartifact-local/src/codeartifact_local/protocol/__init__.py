"""The service's wire protocol (rest-json), driven by botocore's model of it."""
