"""The command line: the only rooms that print, exit, or read the environment."""
