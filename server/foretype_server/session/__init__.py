"""One client's session: documents, worker thread, engine and index."""
