"""Usage statistics: counts of suggestions shown and accepted."""
