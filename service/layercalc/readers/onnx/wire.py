"""The wire format of protocol buffers, read by a table of fields over bytes or a memory map.

Numbers and bytes are left where they lie; what a table does not name is passed over. However the lengths in it lie, a
file makes no more objects than a limit allows, and none that is larger than the file.
"""

from struct import unpack_from
from typing import Any

from layercalc import deadline
from layercalc.environment import setting
from layercalc.errors import Tokens, Unreadable, pointer
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.onnx.messages import MESSAGES

Buffer = memoryview
DEPTH = 100  # messages inside one another: what protobuf's own readers take
LOOK, MANY = 1 << 12, (1 << 6) - 1  # values, and messages, between two looks at the clock
SIGN = 1 << 63
VARINT, EIGHT, LENGTH, FOUR = 0, 1, 2, 5  # wire types
ABSENT: dict[str, dict[str, Any]] = {
    kind: {field.name: field.absent for field in fields.values()} for kind, fields in MESSAGES.items()
}


class Message(dict[str, Any]):
    """A message: its fields by name; one that is not there has proto3's default."""

    __slots__ = ("kind",)

    def __init__(self, kind: str):
        self.kind = kind

    def __missing__(self, name: str) -> Any:
        return ABSENT[self.kind][name]


class Broken(ValueError):  # noqa: N818
    """Bytes that are no such message; the text says what is wrong, the path in which part."""

    def __init__(self, message: str):
        super().__init__(message)
        self.path: list[object] = []


class Wire:
    """One reading of a file: its bytes, and how much has been made of them."""

    def __init__(self, data: Buffer, limits: Limits):
        self.data, self.limits = data, limits
        self.messages = self.values = self.nodes = 0
        self.longest, self.deepest = limits.max_name_length, min(DEPTH, limits.max_depth)

    def read(self, kind: str, at: int, end: int, depth: int = 1) -> Message:
        """The message of that kind between two places."""
        self.permit(kind, depth)
        table, out, data = MESSAGES[kind], Message(kind), self.data
        while at < end:
            key, start = data[at], at + 1
            if key > 127:
                key, start = self.varint(at, end)
            wire, at = key & 7, start
            if wire == LENGTH:
                if start < end and (length := data[start]) < 128:
                    start += 1
                else:
                    length, start = self.varint(start, end)
                at = start + length
            elif wire == VARINT:
                number, at = self.varint(at, end)
            elif wire in (EIGHT, FOUR):
                at += 8 if wire == EIGHT else 4
            else:
                raise Broken(f"There is no wire type {wire} (byte {start:,}).")
            if at > end:
                raise Broken(f"A field of {at - start:,} bytes, of which {end - start:,} are there (byte {start:,}).")
            field = table.get(key >> 3)
            if field is None:
                continue
            name, what, many = field
            if what == "str" and wire == LENGTH:
                value: Any = self.text(start, at)
            elif what == "int" and wire == VARINT:
                value = number if number < SIGN else signed(number)
            elif what == "packed" or (what == "bytes" and wire == LENGTH):
                value = data[start:at]
            elif what == "float" and wire == FOUR:
                value = unpack_from("<f", data, start)[0]
            elif what in ("int", "float") and many and wire == LENGTH:
                out.setdefault(name, []).extend(self.numbers(what, start, at))
                continue
            elif what in MESSAGES and wire == LENGTH:
                try:
                    value = self.read(what, start, at, depth + 1)
                except Broken as error:
                    error.path[:0] = (name, len(out.get(name, ()))) if many else (name,)
                    raise
            else:
                raise Broken(f"{name} is {what}, and comes as wire type {wire} (byte {start:,}).")
            if many:
                self.count(1)
                if name in out:
                    out[name].append(value)
                else:
                    out[name] = [value]
            elif what in MESSAGES and name in out:
                raise Broken(f"{name} stands twice (byte {start:,}).")
            else:
                out[name] = value
        return out

    def permit(self, kind: str, depth: int) -> None:
        """Count a message, and refuse one too many, or too deep."""
        self.messages += 1
        if not self.messages & MANY:
            deadline.check()
        if self.messages > self.limits.max_containers:
            raise self.too_much(f"{self.messages:,} messages", "max_containers")
        if kind == "Node":
            self.nodes += 1
            if self.nodes > self.limits.max_layers:
                raise self.too_much(f"{self.nodes:,} nodes", "max_layers")
        if depth > self.deepest:
            raise Broken(f"Messages are nested more than {depth - 1} deep.")

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """An integer of seven bits a byte, and where it ends."""
        data = self.data
        if at < end and (byte := data[at]) < 128:
            return byte, at + 1
        value = shift = 0
        while at < end and shift < 70:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value, at
            shift += 7
        raise Broken(f"An integer that does not end (byte {at:,}).")

    def numbers(self, what: str, start: int, end: int) -> list[Any]:
        """Numbers one after another."""
        if what == "float":
            if (end - start) % 4:
                raise Broken(f"Floats of four bytes each do not fill {end - start:,} bytes (byte {start:,}).")
            self.count((end - start) // 4)
            return list(unpack_from(f"<{(end - start) // 4}f", self.data, start))
        out = []
        while start < end:
            self.count(1)
            value, start = self.varint(start, end)
            out.append(signed(value))
        return out

    def text(self, start: int, end: int) -> str:
        """A text in UTF-8: each is a name, and no longer than one may be."""
        if end - start > self.longest:
            longest = f"the limit is {self.limits.max_name_length:,} ({setting('max_name_length')})"
            raise Broken(f"A name of {end - start:,} bytes; {longest}.")
        try:
            return str(self.data[start:end], "utf-8")
        except UnicodeDecodeError:
            raise Broken(f"A text that is not UTF-8 (byte {start:,}).") from None

    def count(self, n: int) -> None:
        self.values += n
        if not self.values % LOOK:
            deadline.check()
        if self.values > self.limits.max_values:
            raise self.too_much(f"{self.values:,} values", "max_values")

    def too_much(self, told: str, name: str) -> Broken:
        return Broken(f"More than {getattr(self.limits, name):,} are not read: {told} so far ({setting(name)}).")


def signed(n: int) -> int:
    """64 bits as a signed integer."""
    n &= (1 << 64) - 1
    return n - (1 << 64) if n >> 63 else n


def read_message(body: Any, path: Tokens = (), limits: Limits = UNLIMITED, kind: str = "Model") -> Message:
    """The message that bytes (or a memory map) hold; Unreadable says which part of it is broken, and how."""
    data = memoryview(body)
    wire = Wire(data, limits)
    try:
        return wire.read(kind, 0, len(data))
    except Broken as error:
        where = f" In {pointer(*error.path[:8])}{'/…' if len(error.path) > 8 else ''}." if error.path else ""
        detail = f"Not a readable ONNX file: {error}{where}"
        raise Unreadable([{"pointer": pointer(*path), "detail": detail}], status=422) from None
