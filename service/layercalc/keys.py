"""API keys: made here, kept as hashes in a file, one `name:sha256:…` a line.

A key has 256 random bits, so one round of SHA-256 hides it as well as a slow hash would hide a password.
"""

import hashlib
import hmac
import re
import secrets
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
LINE = "name:sha256:<64 hexadecimal digits>, as `layercalc key NAME` prints it"


class BadKeys(ValueError):  # noqa: N818
    """A file of keys that cannot be read; the message says where, what was expected and what was received."""


def new_key(name: str) -> tuple[str, str]:
    """A fresh key, and the line of it for the file. ValueError for a name that cannot stand in one."""
    if not NAME.fullmatch(name):
        raise ValueError(f"A name has letters, digits and . _ @ -, at most 64 of them; received {name!r}.")
    key = f"lck_{secrets.token_urlsafe(32)}"
    return key, f"{name}:sha256:{digest(key).hex()}"


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def read_keys(path: Path) -> list[tuple[str, bytes]]:
    """The names and hashes in a file; a name may stand there twice, while its key is changed. Raises BadKeys."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadKeys(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.") from None
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        name, _, rest = entry.partition(":")
        kind, _, hashed = rest.partition(":")
        if not NAME.fullmatch(name) or kind != "sha256" or not re.fullmatch("[0-9a-fA-F]{64}", hashed):
            # what stands there is not repeated: it may be a key
            received = f"{len(entry)} characters" if not rest else f"a line of the kind {kind[:10]!r}"
            raise BadKeys(f"{path}, line {number}: expected {LINE}; received {received}.")
        found.append((name, bytes.fromhex(hashed)))
    if not found:
        raise BadKeys(f"{path} holds no key; expected at least one line {LINE}.")
    return found


class Keys:
    """The keys of a file, as it was when it was last read well."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known = read_keys(path)

    def reload(self) -> None:
        """Read the file again; if that raises BadKeys, the keys stay as they are."""
        self.known = read_keys(self.path)

    def owner(self, key: str) -> str | None:
        """Whose key it is. Every hash is compared, each in constant time."""
        given, found = digest(key), None
        for name, hashed in self.known:
            if hmac.compare_digest(given, hashed):
                found = name
        return found
