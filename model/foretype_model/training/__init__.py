"""Training, the only room where torch lives: a network from the user's texts, in one file that
serves without torch.
"""
