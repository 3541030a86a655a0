"""The trust suite: each promise of Foretype, tried many times. Run `python -m tests.trust`."""
