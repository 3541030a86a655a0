"""The index of a workspace: an FM-index on disk."""
