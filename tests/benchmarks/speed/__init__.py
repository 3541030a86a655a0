"""Speed beside a bound or a peer from the same run: ``python -m tests.benchmarks.speed``."""
