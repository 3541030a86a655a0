"""The command line's output, and its text files."""
