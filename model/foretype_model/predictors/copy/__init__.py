"""The predictor `copy`: PPM over the user's own text."""
