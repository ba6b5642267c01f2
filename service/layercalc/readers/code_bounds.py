"""What Python's parser may be given: length, tokens, and the few forms that cost it more than their length says.

The parser holds the interpreter's lock and cannot be interrupted. Nothing here follows Python's own rules of where a
text begins or ends, which differ between its versions: what is counted is counted everywhere, in texts and remarks too.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NoReturn

from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.bounds import fault, too_much

TOKEN = re.compile(r"\w+|[^\w \t]")
INTEGER = re.compile(r"(?<![\w.])\d(?:_?\d)*(?![\w.])|(?<!\w)0[xXoObB][0-9a-fA-F_]+")
DOTTED = re.compile(r"(?:\.[\s\\]*+\w++[\s\\]*+){2,}+")  # Python joins `import a.b.c…` name by name
FSTRING = re.compile(r"(?<!\w)(?:[fFtT][rR]?|[rR][fFtT])('''|\"\"\"|'|\")")  # Python 3.11 scans one once for each field
FOREIGN = re.compile(r"[^\x00-\x7f]+")
ENDS = {quote: re.compile(rf"\\.|{quote}", re.DOTALL) for quote in ("'''", '"""')}
ENDS |= {quote: re.compile(rf"\\.|{quote}|\n", re.DOTALL) for quote in ("'", '"')}


def bounded_code(text: str, limits: Limits) -> str:
    """The code itself; Refused, with the limit and the line, where Python's parser would take too long or too much."""
    if limits is UNLIMITED:
        return text
    if len(text) > limits.max_code_characters:
        refuse(text, 0, f"Keras code of {len(text):,} characters", limits, "max_code_characters")
    for count, one in enumerate(TOKEN.finditer(text), 1):
        if count > limits.max_code_tokens:
            refuse(text, one.start(), "Keras code with more tokens", limits, "max_code_tokens")
    check_integers(text, limits)
    for at, length in (*dotted_names(text), *runs_of_marks(text)):
        if length > limits.max_name_length:
            refuse(text, at, f"A name of {length:,} characters", limits, "max_name_length")
    for at, fields in fields_of_strings(text):
        if fields > limits.max_code_fields:
            refuse(text, at, f"An f-string with {fields:,} fields", limits, "max_code_fields")
    return text


def refuse(text: str, at: int, told: str, limits: Limits, name: str) -> NoReturn:
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    raise too_much([{"line": line, "column": column, "detail": fault((), told, limits, name)["detail"]}])


def check_integers(text: str, limits: Limits) -> None:
    """Refuse an integer of more digits than one may have, in any base."""
    if re.search(rf"[0-9a-fA-F][0-9a-fA-F_]{{{limits.max_integer_digits}}}", text):
        for one in INTEGER.finditer(text):
            if len(one[0].replace("_", "")) > limits.max_integer_digits:
                refuse(text, one.start(), f"An integer of {len(one[0]):,} digits", limits, "max_integer_digits")


def dotted_names(text: str) -> Iterator[tuple[int, int]]:
    """Where `a.b.c` stands, and its length."""
    for one in DOTTED.finditer(text):
        yield one.start(), len(re.sub(r"[\s\\]", "", one[0]))


def runs_of_marks(text: str) -> Iterator[tuple[int, int]]:
    """Where signs that join the letter before them stand, and how many: to sort them is quadratic."""
    for one in () if text.isascii() else FOREIGN.finditer(text):
        length = 0
        for at, sign in enumerate(one[0], one.start()):
            if joins(sign):
                length += 1
            elif length:
                yield at - length, length
                length = 0
        if length:
            yield one.end() - length, length


@lru_cache(4096)
def joins(sign: str) -> bool:
    """Whether a sign, taken apart as the names of Python are, begins with one that joins what is before it."""
    return unicodedata.combining(unicodedata.normalize("NFKD", sign)[0]) != 0


def fields_of_strings(text: str) -> Iterator[tuple[int, int]]:
    """Where an f-string may begin, and how many braces open in it, those of texts in its fields too."""
    for one in FSTRING.finditer(text):
        begin = end = one.end()
        for end_of_part in ENDS[one[1]].finditer(text, begin):
            end = end_of_part.end()
            if not end_of_part[0].startswith("\\"):
                break
        else:
            end = len(text)
        yield one.start(), text.count("{", begin, end)
