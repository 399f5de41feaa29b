"""Pages for people: what domains and repositories hold. They show, and change nothing."""
