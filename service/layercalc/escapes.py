r"""Text that stays on its line: what a name, a path or a message holds, as it goes out to terminals, logs and tables.

Every control character, line break and format character (of direction, of no width) becomes its escape as Python writes
it, `\n`, `\x1b`, `\u202e`; so does what the log of a CI would take for a command.
"""

import json
import re
from collections.abc import Callable
from typing import Any

# GitHub's begin a line, after spaces too; those of Azure, TeamCity and of GitHub's older runners stand anywhere
COMMAND = re.compile(r"(?:^(\s*):(?=:))|#(?=#\w{0,20}\[)")


def printable(text: str) -> str:
    """One line of text without anything that moves a cursor, turns a direction, or commands."""
    return escaped(text, lambda one: f"\\x{ord(one):02x}" if one.isprintable() else ascii(one)[1:-1])


def json_text(value: Any, **how: Any) -> str:
    """JSON for people too: the same value, those characters as JSON's escapes; a line, or several by `indent`."""
    lines = json.dumps(value, ensure_ascii=False, **how).split("\n")  # between values: inside a text it is an escape
    return "\n".join(escaped(line, json_escape) for line in lines) + "\n"


def json_escape(one: str) -> str:
    return f"\\u{ord(one):04x}" if one.isprintable() else json.dumps(one)[1:-1]


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """A text with an escape in place of each character that must not go out as it is."""
    if not text.isprintable():
        text = "".join(one if one.isprintable() else escape(one) for one in text)
    if "::" in text or "##" in text:
        text = COMMAND.sub(lambda found: (found[1] or "") + escape(found[0][-1]), text)
    return text
