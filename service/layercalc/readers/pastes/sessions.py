"""Lines of a session, `>>> …` of Python or `In [3]: …` of IPython: what was typed, without what was answered."""

import re

from layercalc.readers.pastes.scanner import Scanner
from layercalc.readers.pastes.source import Line, fault

PROMPT = re.compile(r"(?P<indent>[ \t>]*?)(?P<sign>>>>|In[ \u00a0]?\[[\d* ]*\]:)(?: |\u00a0|$)")
ANSWER = re.compile(r"[ \t]*Out[ \u00a0]?\[[\d* ]*\]:")
MORE = {">>>": re.compile(r"\.\.\.(?: |\u00a0|$)"), "In": re.compile(r"[ \t]*\.\.\.:(?: |\u00a0|$)")}
WORD = r"[A-Za-z_]\w*"
NAMES = rf"{WORD}(?:\.{WORD})*(?:\s+as\s+{WORD})?(?:\s*,\s*{WORD}(?:\.{WORD})*(?:\s+as\s+{WORD})?)*"
COMMAND = r"(?:[A-Z_0-9]+=\S*\s+)+(?:python[23]?|pytest|pip3?|bash|sh|make)\b"  # of a shell, with a variable before it
STATEMENT = re.compile(
    rf"[ \t]*(?!{COMMAND})(?:import\s+{NAMES}\s*(?:[#;].*)?$|from\s+[\w.]+\s+import\b|def\s+\w+\s*\("
    rf"|class\s+\w+\s*(?:\(.*\)\s*)?:|@\w|del\s+\w"
    rf"|for\s+{WORD}(?:\s*,\s*{WORD})*\s+in\s.*:\s*(?:#.*)?$"
    rf"|{WORD}(?:\.{WORD}|\[[^\[\]=]*\]|\s*,\s*{WORD})*\s*(?:[-+*/]|//)?=(?![=>])\s*\S"
    rf"|(?!np\.){WORD}(?:\.{WORD})+\((?:.*[),({{\[])?\s*(?:#.*)?$)"
)
CALL = re.compile(rf"[ \t]*{WORD}\((?:.*[),({{\[])?\s*(?:#.*)?$")


def looks_like_code(text: str, calls: bool = False) -> bool:
    """Whether a line that is passed over may be a statement; with `calls`, one that prints a value may be too."""
    return STATEMENT.match(text) is not None or (calls and CALL.match(text) is not None)


def typed(lines: list[Line], cell: int | None = None) -> list[Line]:
    """The lines that were typed, if there are prompts, else all. What looks like code and was not typed is a fault."""
    out: list[Line] = []
    passed: list[Line] = []
    scanner, prompt, bare, found = Scanner(), "", False, False
    for line in lines:
        at = PROMPT.match(line.text) if not scanner.quote or prompt else None
        if at:
            found, prompt = True, at["sign"][:2] if at["sign"].startswith("In") else ">>>"
            line.begin, scanner = at.end(), Scanner()
            bare = prompt == "In" and not line.code.strip()
            out.append(line)
        elif prompt and (more := MORE[prompt].match(line.text, 0 if prompt == "In" else indent_of(line.text))):
            line.begin = more.end()
            out.append(line)
        elif ANSWER.match(line.text) and not scanner.quote:
            prompt, bare, found = "", False, True
            continue
        elif bare:
            out.append(line)
        else:
            prompt = ""
            passed.append(line)
            if found:
                continue
        scanner.scan(Line(line.number, line.text, line.begin))
    if not found:
        return lines
    for line in passed:
        if looks_like_code(line.text):
            told = "This line looks like code and has no prompt (>>> or In […]:): give it one, or leave it out."
            raise fault(line.number, 1, told, cell, status=422)
    return out


def indent_of(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))
