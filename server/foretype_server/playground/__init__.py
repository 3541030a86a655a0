"""The playground: its page, and the file that redirects the browser to it."""
