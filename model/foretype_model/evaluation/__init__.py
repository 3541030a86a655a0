"""How good the completions are: scores of texts that are typed again, in one process, beside
simpler systems.
"""
