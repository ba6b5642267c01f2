"""Descriptions of networks in other languages than Python: told by how they are written, and called by their name."""

import re

from layercalc.readers.foreign import EXPORT, WAY_ON

PRINTED = "What print(model) writes of a PyTorch model"
LANGUAGES = (  # what stands in each of them, all of it
    (PRINTED, r"^[ \t]*\([\w.-]+\): (?:\d+ x |\(\d+(?:-\d+)?\): )?[A-Z]\w*\(", r"^[ \t]*[A-Z]\w*\([ \t]*$"),
    ("A prototxt of Caffe", r"^[ \t]*layers?[ \t]*\{\s*(?:name|type|bottom|top)[ \t]*:"),
    ("R code", r"\bkeras_model_sequential\(|^[ \t]*library\((?:keras\w*|tensorflow|torch)\)|%>%\s*layer_\w+\("),
    ("JavaScript code", r"\btf\.(?:sequential\(\)|layers\.\w+\(\{)", r"^[ \t]*(?:const|let|var|import|async|model)\b"),
    ("Julia code", r"^[ \t]*using (?:[\w, ]*\b)?Flux\b|\bFlux\.Chain\("),
    ("MATLAB code", r"\b(?:image|sequence|feature)InputLayer\("),
)
FORMS = tuple((name, [re.compile(one, re.MULTILINE) for one in patterns]) for name, *patterns in LANGUAGES)


def of_language(text: str) -> tuple[int, str] | None:
    """For a text that is no Python: the line, from one, that tells what it is, and a sentence with the way on."""
    for name, patterns in FORMS:
        found = [one.search(text) for one in patterns]
        if all(found) and (first := found[0]):
            at = first.end() - len(first[0].lstrip())
            way_on = EXPORT if name == PRINTED else WAY_ON
            return text.count("\n", 0, at) + 1, f"{name}, which is not read here. {way_on}"
    return None
