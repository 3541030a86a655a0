"""Candidates for the text after a cursor: their search, choice and explanation."""
