"""The predictor `words`: a trained recurrent network over words."""
