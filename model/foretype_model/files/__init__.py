"""Files: discovery, names, atomic writes, locks and permissions."""
