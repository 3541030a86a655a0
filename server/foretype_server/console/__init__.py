"""Output and files of the command line."""
