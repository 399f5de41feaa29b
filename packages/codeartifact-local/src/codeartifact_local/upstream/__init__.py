"""Where packages come from that a repository does not hold: its upstreams, and the public index."""
