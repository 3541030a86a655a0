"""The trust suite: what Foretype promises, tried many times over. Run with ``python -m
tests.trust``.
"""
