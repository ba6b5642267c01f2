"""How long a body may take to arrive: one thread hangs up on those that take longer.

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


@dataclass(eq=False)
class Wait:
    """One body under way; `over` once it has taken too long."""

    connection: Any
    until: float
    over: bool = False


class Patience:
    """The bodies under way in this process, and the thread that watches them while there are any."""

    def __init__(self, tick: float = 0.25) -> None:
        self.tick = tick
        self.waits: set[Wait] = set()
        self.changed = threading.Condition()
        self.watcher = 0  # the process whose thread is watching: a fork has none

    @contextmanager
    def wait_for(self, connection: Any, seconds: float) -> Iterator[Wait]:
        """Watch a connection; without one (no server) nothing is watched."""
        wait = Wait(connection, time.monotonic() + seconds)
        if connection is None:
            yield wait
            return
        with self.changed:
            if self.watcher != os.getpid():
                self.watcher, self.waits = os.getpid(), set()
                threading.Thread(target=self.watch, name="patience", daemon=True).start()
            if not self.waits:
                self.changed.notify()
            self.waits.add(wait)
        try:
            yield wait
        finally:
            with self.changed:
                self.waits.discard(wait)

    def watch(self) -> None:
        while True:
            with self.changed:
                while not self.waits:
                    self.changed.wait()
                now = time.monotonic()
                for wait in [wait for wait in self.waits if wait.until < now and not wait.over]:
                    wait.over = True
                    with suppress(OSError):  # it hung up itself
                        wait.connection.shutdown(socket.SHUT_RD)
            time.sleep(self.tick)


PATIENCE = Patience()
