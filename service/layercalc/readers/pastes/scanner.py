"""Where strings, brackets and statements of Python begin and end, line by line, and what is no Python between them.

Blanks, quotes and signs that a word processor or a web page put in the place of Python's own, and what only Python 2
had, are told from what they stand in: inside a string nothing is touched.
"""

import re

from layercalc import deadline
from layercalc.readers.pastes.source import Line

BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
NOTHING = "\ufeff\u200b\u200c\u200d\u2060\u00ad"  # signs of no width
SIGNS = {"\u2212": "-", "\u2013": "-", **{chr(0xFEE0 + ord(one)): one for one in "()[]{},.:;=+-*/%<>"}}
DOUBLE, SINGLE = "\u201c\u201d\u201e\u201f\u2033\uff02", "\u2018\u2019\u201a\u201b\u2032\uff07"
OPENING = "\u201c\u201e\u2018\u201a"
UNICODE = re.compile(r"\W?[uU][rR]")  # a raw string of Python 2
OLD = r"<>|(?<![\w.])(?:(?:0[xX][0-9a-fA-F]+|\d+)[lL]\b|0+[1-7][0-7]*(?![\w.]))"  # signs and numbers of Python 2
KNOWN = re.escape("".join(SIGNS)) + BLANKS + NOTHING + DOUBLE + SINGLE  # of what is no ASCII
STOP = re.compile(rf"[{KNOWN}]|['\"#()\[\]{{}}\\;:`]|{OLD}")
CURLY = {DOUBLE: f'[{DOUBLE}"]{{3}}', SINGLE: f"[{SINGLE}']{{3}}"}  # three of them
ENDS = {end: re.compile(rf"\\.|{end}", re.DOTALL) for end in ("'''", '"""', "'", '"', *CURLY.values())}
BLOCK = re.compile(r"(?:if|elif|else|for|while|try|except|finally|with|def|class)\b")
PRINT = re.compile(rf"print\b([ \t{BLANKS}]*)(>>[ \t]*)?(?=[\w'\"`\[{{~+\-{DOUBLE}{SINGLE}])")
EXCEPT = re.compile(r"except\s+(?:[\w.]+|\([^()]*\))\s*(,)\s*\w+\s*:")
RAISE = re.compile(r"raise\s+[\w.]+\s*(,)\s*")
BLANK = re.compile(rf"[ \t\f{BLANKS}{NOTHING}]*")


class Scanner:
    """What is open where the last line ended."""

    def __init__(self) -> None:
        self.quote = ""  # of the string that is open
        self.depth = 0
        self.continued = False  # by a backslash
        self.call = False  # a statement of Python 2 that became a call waits for its closing bracket
        self.repr = False  # a backtick is open
        self.block = False  # the statement begins a block
        self.last = ""  # the last sign of the last line that is code
        self.python2 = 0  # the first line that only Python 2 could read

    @property
    def fresh(self) -> bool:
        """Whether the next line begins a statement."""
        return not (self.quote or self.depth or self.continued)

    def scan(self, line: Line, at: int | None = None) -> None:
        """Look through a line from a place in it, noting what has to stand there for Python."""
        text, fresh = line.text, self.fresh
        at = line.begin if at is None else at
        self.continued = False
        if self.quote:
            at = self.inside(line, at)
        elif fresh:
            self.last = ""
            at = self.statement(line, at)
        end = len(text)
        while not self.quote and (found := STOP.search(text, at)):
            if found[0] == "#":
                end = found.start()
                break
            at = self.sign(line, found)
        code = text[line.begin : end].rstrip()
        self.last = code[-1:] or self.last
        if self.call and self.fresh:
            line.edit(line.begin + len(code), line.begin + len(code), ")")
            self.call = False

    def statement(self, line: Line, at: int) -> int:
        """What begins where a statement does: those of Python 2 become calls. The place to look on from."""
        begin, at = at, behind_blanks(line.text, at)
        if begin > line.begin:
            for place in range(begin, at):
                if (sign := plain_blanks(line.text[place])) != line.text[place]:
                    line.edit(place, place + 1, sign)
        self.block = BLOCK.match(line.text, at) is not None
        if found := PRINT.match(line.text, at):
            line.edit(at + 5, found.end(), "(")
            self.call = True
            self.python2 = self.python2 or line.number
            return found.end()
        if found := EXCEPT.match(line.text, at):
            line.edit(found.start(1), found.end(1), " as")
            self.python2 = self.python2 or line.number
            return found.end()
        if found := RAISE.match(line.text, at):
            line.edit(found.start(1), found.end(1), "(")
            self.call = True
            self.python2 = self.python2 or line.number
            return found.end()
        return at

    def sign(self, line: Line, found: re.Match[str]) -> int:
        """What one sign outside of strings means; the place behind it."""
        deadline.check()
        sign, at, text = found[0], found.start(), line.text
        if sign in "'\"":
            return self.string(line, at)
        if sign in DOUBLE or sign in SINGLE:
            return self.curly(line, at)
        if sign in "([{":
            self.depth += 1
        elif sign in ")]}":
            self.depth = max(self.depth - 1, 0)
        elif sign == "\\":
            self.continued = at + 1 == len(text)
        elif sign == ";" or (sign == ":" and self.block):
            if not self.depth:
                if self.call:
                    line.edit(at, at, ")")
                    self.call = False
                return self.statement(line, at + 1)
        else:
            self.stray(line, found)
        return found.end()

    def stray(self, line: Line, found: re.Match[str]) -> None:
        """A sign that is none of Python 3's."""
        sign, at = found[0], found.start()
        if sign == "`":
            line.edit(at, at + 1, ")" if self.repr else "repr(")
            self.repr = not self.repr
        elif sign == "<>":
            line.edit(at, at + 2, "!=")
        elif sign[0].isdigit() and sign.isascii():
            line.edit(at, found.end(), sign[:-1] if sign[-1] in "lL" else f"0o{sign}")
        elif BLANK.fullmatch(sign):
            line.edit(at, at + 1, plain_blanks(sign))
            return
        else:
            if sign in SIGNS:
                line.edit(at, at + 1, SIGNS[sign])
                self.depth = max(self.depth + (SIGNS[sign] in "([{") - (SIGNS[sign] in ")]}"), 0)
            return
        self.python2 = self.python2 or line.number

    def string(self, line: Line, at: int) -> int:
        """A string that begins at a straight quote; the place behind it, or the end of the line."""
        text = line.text
        quote = text[at : at + 3] if text[at : at + 3] in ("'''", '"""') else text[at]
        begin = at + len(quote)
        self.quote = quote
        end = self.inside(line, begin)
        closed = not self.quote and end >= begin + len(quote) and text[end - 1] == quote[0]
        if closed and UNICODE.fullmatch(text, max(at - 3, 0), at) and "\\u" not in text[begin:end].lower():
            line.edit(at - 2, at - 1)
            self.python2 = self.python2 or line.number
        if not closed and len(quote) == 1 and not self.quote:  # what ends it may be curly
            same = DOUBLE if quote == '"' else SINGLE
            closing = next((place for place in range(begin, len(text)) if text[place] in same), None)
            if closing is not None:
                line.edit(closing, closing + 1, quote)
                return closing + 1
        return end

    def inside(self, line: Line, at: int) -> int:
        """The place behind the string that is open, or the end of the line."""
        text = line.text
        for found in ENDS[self.quote].finditer(text, at):
            if found[0][0] != "\\":
                if self.quote[0] == "[":
                    line.edit(found.start(), found.end(), self.quote[-5] * 3)
                self.quote = ""
                return found.end()
        if len(self.quote) == 1 and not text.endswith("\\"):
            self.quote = ""  # Python says so
        return len(text)

    def curly(self, line: Line, at: int) -> int:
        """A string between quotes of a word processor: they become straight ones that do not stand in it."""
        text = line.text
        same, straight = (DOUBLE, '"') if text[at] in DOUBLE else (SINGLE, "'")
        if len(text) > at + 2 and text[at + 1] in same and text[at + 2] in same:
            line.edit(at, at + 3, straight * 3)
            self.quote = CURLY[same]
            return self.inside(line, at + 3)
        closing = closed_at(text, at, same, straight)
        if closing is None:
            return len(text)
        inside = text[at + 1 : closing]
        quote = straight if straight not in inside else {"'": '"', '"': "'"}[straight]
        if quote in inside or inside.endswith("\\"):
            return len(text)
        line.edit(at, at + 1, quote)
        line.edit(closing, closing + 1, quote)
        return closing + 1


def behind_blanks(text: str, at: int) -> int:
    """The place of the first sign that is no blank."""
    return BLANK.match(text, at).end()  # type: ignore[union-attr]


def plain_blanks(text: str) -> str:
    """Blanks as Python knows them."""
    return text if text.isascii() else "".join("" if one in NOTHING else one if one.isascii() else " " for one in text)


def closed_at(text: str, at: int, same: str, straight: str) -> int | None:
    """Where a string ends that begins with a curly quote: at the next that closes, else a straight one, else any."""
    openers = OPENING if text[at] in OPENING else ""
    first = None
    for place in range(at + 1, len(text)):
        sign = text[place]
        if sign in same:
            return place if sign not in openers or first is None else first
        if sign == straight and first is None:
            first = place
    return first
