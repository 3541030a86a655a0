"""The admission of clients to a port. All users of the machine can connect to it, thousands of
times at once; the client with the token must get in all the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from contextlib import suppress
from typing import Any, Final, TypeAlias
from urllib.parse import quote, quote_plus

from foretype_server.lsp.transport import READ_SIZE

MAX_STRANGERS: Final = 256
"""Connections without the token at most. A client presents it in milliseconds, and these are
replaced at most ten thousand times a second.
"""

BACKLOG: Final = 4096
"""Connections that wait in the system at most: it drops later ones, which try again in a second."""


Accepted: TypeAlias = tuple[socket.socket, Any]
"""A connection and the address of its client."""


class AdmissionSocket(socket.socket):
    """A listening socket with few connections of strangers: the oldest are closed for the newest.

    So strangers cannot use up the process's files, and asyncio, which stops accepting for a second
    without a file, always has one.
    """

    def __init__(self, family: socket.AddressFamily, token: str) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        # As it stands in JSON, and in an address.
        spellings = (token, json.dumps(token)[1:-1], quote(token), quote_plus(token))
        self._spellings = {one.encode(errors="replace") for one in spellings}
        files = os.sysconf("SC_OPEN_MAX") if hasattr(os, "sysconf") else 4 * MAX_STRANGERS
        self._most = min(MAX_STRANGERS, files // 4)
        self._accepted: list[Accepted] = []
        self._has_accepted = False
        self._strangers: dict[object, socket.socket] = {}

    def accept(self) -> Accepted:
        """Return a new connection, which is a stranger's until `admit`. asyncio calls this until it
        raises BlockingIOError.
        """
        if not self._accepted and not self._has_accepted:
            # Once in a turn of the event loop, which reads and closes the others between.
            self._has_accepted = True
            asyncio.get_running_loop().call_soon(self._end_turn)
            self._accepted = self._accept_some()
        if not self._accepted:
            raise BlockingIOError
        connection, address = self._accepted.pop()
        self._strangers[address] = connection
        if len(self._strangers) > self._most:
            self._make_room()
        return connection, address

    def admit(self, address: object) -> None:
        """Keep the connection from this address, whose client has presented the token."""
        self._strangers.pop(address, None)

    def _end_turn(self) -> None:
        self._has_accepted = False

    def _accept_some(self) -> list[Accepted]:
        """Return waiting connections, the first one last; of many, those that have sent the token,
        and the newest.

        One that is closed here takes 25 µs, one that asyncio reads 300.
        """
        waiting: list[Accepted] = []
        with suppress(BlockingIOError, ConnectionAbortedError):
            while len(waiting) < self._most:
                waiting.append(super().accept())
        number_of_newest = self._most // 16
        older, newest = waiting[:-number_of_newest], waiting[-number_of_newest:]
        kept = []
        for connection, address in older:
            if self._has_sent_token(connection):
                kept.append((connection, address))
            else:
                connection.close()
        return [*kept, *newest][::-1]

    def _has_sent_token(self, connection: socket.socket) -> bool:
        connection.setblocking(False)
        try:
            sent = connection.recv(READ_SIZE, socket.MSG_PEEK)
        except OSError:
            return False
        return any(one in sent for one in self._spellings)

    def _make_room(self) -> None:
        """Forget closed connections, and close the oldest others."""
        is_closed = -1  # the number of a closed socket
        self._strangers = {
            address: one for address, one in self._strangers.items() if one.fileno() != is_closed
        }
        spare = self._most // 8
        for address in [*self._strangers][: len(self._strangers) - self._most + spare]:
            with suppress(OSError):  # the client has closed it
                # asyncio, which owns the file, closes it at this end of the stream.
                self._strangers.pop(address).shutdown(socket.SHUT_RDWR)


def listen(address: str, port: int, token: str) -> AdmissionSocket:
    """Return a socket that listens on a port of a loopback address, for clients with this token;
    port 0 is a free one.

    Raises:
        OSError: the port cannot be opened.
    """
    listening = AdmissionSocket(socket.AF_INET6 if ":" in address else socket.AF_INET, token)
    try:
        if os.name == "posix":  # elsewhere, another server could take the same port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
    except OSError as error:
        listening.close()
        raise OSError(error.errno, error.strerror, f"port {port}") from error
    return listening
