"""Which strings UTF-8 can encode. Apart from `utf8`, which imports numpy: servers check messages
before that is loaded.
"""

from __future__ import annotations


def is_encodable(text: str) -> bool:
    """Return whether UTF-8 can encode `text`: half of a surrogate pair is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
