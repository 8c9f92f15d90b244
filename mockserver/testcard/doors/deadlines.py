"""How long a server waits for its clients.

Knows seconds. Must not know a socket, or a mock.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a connection is waited for, in seconds.

    Attributes:
        head: from the first byte of a call, or a new connection, to its head's end.
        body: without a byte of a body that is still to come.
        idle: between an answer and the next call.
        probe: from the end of the client's side until it is asked whether it still listens.
        linger: from a last answer until a connection is closed on a client that still sends.
    """

    head: float = 20.0
    body: float = 60.0
    idle: float = 5.0
    probe: float = 1.0
    linger: float = 2.0
