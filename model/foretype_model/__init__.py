"""Predicts text, byte by byte, on the user's own machine. Knows neither editors nor LSP."""
