"""One module a verb: its options, and nothing that a test of the verb would need."""
