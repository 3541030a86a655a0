"""Texts: ropes, spans, UTF-8 and the grammar of words."""
