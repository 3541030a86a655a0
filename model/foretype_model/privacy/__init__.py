"""Secrets, forgotten words and files, and the documents that may be learnt from."""
