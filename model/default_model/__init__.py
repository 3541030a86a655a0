"""Tools that make the default model; not in the wheel."""
