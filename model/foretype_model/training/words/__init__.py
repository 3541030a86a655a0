"""Training of word-level networks."""
