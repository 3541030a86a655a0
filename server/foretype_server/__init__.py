"""Foretype's language server and command line."""
