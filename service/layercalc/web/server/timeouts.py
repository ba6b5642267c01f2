"""How long a client may take to send, to read and to hang up: one thread hangs up on those that take longer.

A timeout of the socket would not do: each byte that drips in starts it anew.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

DRAINED = 1 << 16  # bytes that are read at a time from a connection that is about to be closed


@dataclass(eq=False)
class Wait:
    """One connection under watch; `over` once it has taken too long, and `how` it is shut down then."""

    connection: Any
    until: float
    how: int = socket.SHUT_RD
    over: bool = False


class Patience:
    """The connections under watch in this process, and the thread that watches them while there are any."""

    def __init__(self, tick: float = 0.25) -> None:
        self.tick = tick
        self.waits: set[Wait] = set()
        self.closing: set[Wait] = set()
        self.changed = threading.Condition()
        self.watcher = 0  # the process whose thread is watching: a fork has none

    @contextmanager
    def wait_for(self, connection: Any, seconds: float, how: int = socket.SHUT_RD) -> Iterator[Wait]:
        """Watch a connection; without one (no server) nothing is watched."""
        wait = Wait(connection, time.monotonic() + seconds, how)
        self.begin(wait)
        try:
            yield wait
        finally:
            self.end(wait)

    def begin(self, wait: Wait) -> None:
        """Watch until `end`."""
        if wait.connection is not None:
            self.add(self.waits, wait)

    def end(self, wait: Wait) -> None:
        """No longer; once is enough."""
        with self.changed:
            self.waits.discard(wait)

    def close(self, connection: Any, seconds: float = 2) -> None:
        """Close a connection as RFC 9112 section 9.6 wants it, without waiting: when the client has, or is overdue."""
        with suppress(OSError):  # it is closed already
            connection.shutdown(socket.SHUT_WR)
            connection.setblocking(False)
            return self.add(self.closing, Wait(connection, time.monotonic() + seconds))
        connection.close()
        return None

    def add(self, kind: set[Wait], wait: Wait) -> None:
        with self.changed:
            if self.watcher != os.getpid():
                self.watcher = os.getpid()
                self.waits.clear()
                self.closing.clear()
                threading.Thread(target=self.watch, name="patience", daemon=True).start()
            kind.add(wait)
            self.changed.notify()

    def watch(self) -> None:
        while True:
            with self.changed:
                while not self.waits and not self.closing:
                    self.changed.wait()
                now = time.monotonic()
                for wait in [wait for wait in self.waits if wait.until < now and not wait.over]:
                    wait.over = True
                    with suppress(OSError):  # it hung up itself
                        wait.connection.shutdown(wait.how)
                for wait in [wait for wait in self.closing if wait.until < now or hung_up(wait.connection)]:
                    self.closing.discard(wait)
                    wait.connection.close()
            time.sleep(self.tick)


def hung_up(connection: Any) -> bool:
    """Whether the client has closed its side; what it still sends is read and forgotten."""
    try:
        return not connection.recv(DRAINED)
    except BlockingIOError:
        return False
    except OSError:
        return True


PATIENCE = Patience()
