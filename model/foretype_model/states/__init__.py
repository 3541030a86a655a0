"""The states of predictors along a text, cached within a memory limit."""
