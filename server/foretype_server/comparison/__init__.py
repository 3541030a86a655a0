"""Types the same files into several language servers, each a process of its own, and compares."""
