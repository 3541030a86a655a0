"""Scores the completions on texts that are typed again, in one process, beside simpler systems."""
