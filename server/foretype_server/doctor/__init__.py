"""The checks of ``foretype doctor``."""
