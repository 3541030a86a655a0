"""How fast everything is, beside a bound or a peer measured in the same run: ``python -m
tests.benchmarks.speed``.
"""
