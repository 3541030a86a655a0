"""The playground: its page and the redirect to it."""
