"""The predictor `network`: a trained recurrent network over bytes."""
