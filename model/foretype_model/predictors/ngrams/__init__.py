"""A word n-gram language model as a predictor of bytes."""
