"""What each thread of a worker is at, in memory that outlives the worker: its master can tell what was lost with it."""

import json
import mmap
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ROOM = 512  # bytes of one entry


class Ledger:
    """An entry for each thread; made before the fork."""

    def __init__(self, threads: int) -> None:
        self.memory = mmap.mmap(-1, threads * ROOM)
        self.free = deque(range(threads))

    @contextmanager
    def entry(self, method: str, path: str, request_id: str | None, address: str) -> Iterator[None]:
        """A request is under way. More of them than there are threads are not noted."""
        try:
            place = self.free.popleft() * ROOM
        except IndexError:
            yield
            return
        fields = {"method": method[:20], "path": path[:120], "request_id": request_id and request_id[:130]}
        text = json.dumps({**fields, "client_address": address[:60], "began": time.time()}).encode()
        self.memory[place : place + ROOM] = text[:ROOM].ljust(ROOM, b"\0")
        try:
            yield
        finally:
            self.memory[place] = 0
            self.free.append(place // ROOM)

    def under_way(self) -> list[dict[str, Any]]:
        """The requests that have an entry, each with the seconds since it began."""
        found = []
        for place in range(0, len(self.memory), ROOM):
            text = self.memory[place : place + ROOM].rstrip(b"\0")
            if text[:1] != b"{":
                continue
            try:
                request = json.loads(text)
                began = request.pop("began")
            except (ValueError, KeyError):  # the worker died while it wrote
                request, began = {"path": "unknown"}, time.time()
            found.append({**request, "seconds": round(max(time.time() - began, 0), 3)})
        return found
