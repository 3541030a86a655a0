"""The terminal editor of `foretype try`."""
