"""Blocks of code between the fences of Markdown, with prose around them."""

import re

from layercalc.readers.pastes.magics import words
from layercalc.readers.pastes.scanner import Scanner
from layercalc.readers.pastes.sessions import looks_like_code
from layercalc.readers.pastes.source import Line, fault

FENCE = re.compile(r"(?P<indent>[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)(?P<fence>`{3,}|~{3,})[ \t]*(?P<label>[^`]*)$")
BIBTEX = re.compile(r"@\w+\{")
LABEL = re.compile(r"\{?\s*\.?(?P<word>[\w+#-]*)")
OTHER = words(
    "bash sh zsh shell-session sh-session powershell ps1 cmd bat json yaml yml toml ini xml html css js"
    " javascript ts typescript jsx r julia c cpp c++ java go rust sql latex tex math mermaid diff patch markdown"
    " md dockerfile docker makefile make csv bibtex swift kotlin matlab ruby perl php protobuf prototxt cmake http"
    " scala lua graphql dot"
)
NO_CODE = words("text txt plaintext plain output out log console shell none terminal tree ascii")


class Block:
    """The lines between two fences. `label` is the language that is named; `indent` that of the fence itself."""

    def __init__(self, label: str, indent: int):
        self.label, self.indent = label, indent
        self.lines: list[Line] = []

    @property
    def code(self) -> bool:
        """Whether the block may be code, by its label."""
        first = next((line.text.lstrip() for line in self.lines if line.text.strip()), "")
        if not self.label and BIBTEX.match(first):
            return False
        return self.label not in OTHER | NO_CODE or first.startswith(">>>")


def blocks(lines: list[Line]) -> list[Block]:
    """The blocks that may be code; none where there are no fences. Code outside of them is a fault."""
    found: list[Block] = []
    prose: list[Line] = []
    scanner, block, closing = Scanner(), None, ""
    for line in lines:
        fence = FENCE.match(line.text) if not scanner.quote else None
        if block is not None and fence and fence["fence"].startswith(closing) and not fence["label"].strip():
            block = None
            scanner = Scanner()
        elif block is None and fence:
            word = LABEL.match(fence["label"].strip())
            block = Block(word["word"].lower() if word else "", len(fence["indent"]))
            found.append(block)
            closing, scanner = fence["fence"], Scanner()
        else:
            (prose if block is None else block.lines).append(line)
            scanner.scan(Line(line.number, line.text))
    if not found:
        return []
    if not any(block.code for block in found):
        return []
    passed = [*prose, *(line for block in found if block.label in NO_CODE and not block.code for line in block.lines)]
    for line in sorted(passed, key=lambda line: line.number):
        if looks_like_code(line.text, calls=True):
            told = "This line stands outside of the blocks of code and looks like code: fence it too, or leave it out."
            raise fault(line.number, 1, told, status=422)
    return [block for block in found if block.code]


def no_code(block: Block) -> bool:
    """Whether nothing in a block without a label looks like code: a table, a listing, what a command prints."""
    return not block.label and not any(looks_like_code(line.text, calls=True) for line in block.lines)
