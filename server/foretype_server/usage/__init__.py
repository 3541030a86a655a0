"""Usage statistics: what was shown and accepted."""
