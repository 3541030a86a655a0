"""From a text to offers: the search, the candidates, and why they are offered."""
