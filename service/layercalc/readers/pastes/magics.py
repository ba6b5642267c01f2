"""What the commands of IPython and notebooks (`%time`, `!pip`, `model?`) do, in Python.

A command that could bear on what the text makes and cannot be said in Python is a fault.
"""

import re
from typing import NamedTuple


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOTHING, THIS = "pass", "{}"  # what is done, in Python; {} is what stands behind the command
REPEATED = "for _ in get_ipython(): {}"  # runs it nobody knows how often
UNKNOWN = "get_ipython()"  # a value that is not in the text

QUIET = words(
    "matplotlib load_ext reload_ext unload_ext autoreload config tensorboard tensorflow_version pip conda cd ls"
    " ll pwd mkdir rm cp mv cat head tail less more man who whos who_ls history hist lsmagic magic quickref pdoc"
    " pdef psource pfile pinfo pinfo2 precision xmode colors doctest_mode debug pdb tb logstart logstop logon"
    " logoff notebook save pastebin watermark wandb gui alias alias_magic bookmark dirs pushd popd pprint page"
    " profile automagic autosave autocall system killbgscripts shell bash rmdir"
)
PASSED = words(
    "bash sh script html HTML javascript js Javascript latex markdown svg SVG perl ruby cmd system sx ! writefile"
    " file python2 python3 pypy mermaid bqsql shell"
)
ENVIRONMENT = ("os.environ", "environ", "getenv")  # how a text reads it
CODE = words("time capture prun wandb tb")

SHELL = re.compile(r"\$ |!|(?:(?:python3? -m )?pip3? (?:install|uninstall|freeze|list)|conda (?:install|create))\b")
HELP = re.compile(r"\?{1,2}\s*%{0,2}[\w.*]+\s*$|%{0,2}[\w.*]+(?:\[\d+\])?\?{1,2}\s*;?\s*$")
LINE = re.compile(r"%(?P<name>\w+)\b[ \t]*(?P<options>(?:-[a-zA-Z]\w*(?:[ \t]+\d+)?[ \t]+)*)")
BLOCK = re.compile(r"(?:for|while|if|with|try|def|class)\b")
CELL = re.compile(r"%%(?P<name>!|\w+)[ \t]*(?P<rest>.*)")
ASSIGNED = re.compile(r"(?P<targets>[A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*\s*=\s*)(?P<command>![^=]|%\w)")


class Command(NamedTuple):
    """What stands in the place of the signs from `begin` to `end` of a line; `wrong` says why nothing can."""

    begin: int
    end: int
    python: str
    wrong: str = ""


def reads_environment(text: str) -> bool:
    return any(one in text for one in ENVIRONMENT)


def command(text: str, at: int, reads: bool) -> Command | None:
    """The command that a line has at a place where a statement begins, if one is there.

    `reads` says whether the text asks for variables of the environment, which a command may set.
    """
    if found := ASSIGNED.match(text, at):
        return Command(found.start("command"), len(text), UNKNOWN)
    if SHELL.match(text, at) or HELP.match(text, at):
        return Command(at, len(text), NOTHING)
    found = LINE.match(text, at)
    if not found:
        return None
    meaning, wrong = of_line(found["name"], reads)
    if "{}" not in meaning:
        return Command(at, len(text), meaning, wrong)
    if not text[found.end() :].strip():
        return Command(at, len(text), NOTHING)
    if meaning == REPEATED and BLOCK.match(text, found.end()):
        return Command(at, len(text), NOTHING, f"A block behind %{found['name']} is not followed: leave the line out.")
    return Command(at, found.end(), meaning.replace("{}", ""), wrong)


def of_line(name: str, reads: bool) -> tuple[str, str]:
    """What `%name` does, and why that cannot be said."""
    if name in ("time", "prun"):
        return THIS, ""
    if name in ("timeit", "memit", "lprun", "mprun"):
        return REPEATED, ""
    if name == "pylab":
        return "from pylab import *", ""
    if name in ("env", "set_env"):
        return (
            NOTHING,
            f"%{name} sets what the text reads: write {ENVIRONMENT[0]}[…] = … in its place." if reads else "",
        )
    if name in QUIET:
        return NOTHING, ""
    if name in ("run", "load", "loadpy", "paste", "cpaste", "recall", "rerun", "macro", "store", "edit"):
        return NOTHING, f"%{name} brings code that is not in the text: put that code in its place."
    if name in ("reset", "reset_selective", "xdel"):
        return NOTHING, f"%{name} takes names away: leave out what stands above it, or the line."
    return NOTHING, f"What %{name} does is not known; leave the line out if the model does not need it."


def of_cell(name: str, rest: str) -> tuple[str, str]:
    """What `%%name rest` makes of the cell under it: `{}` is its code, and why that cannot be said."""
    if name == "capture" and (target := re.fullmatch(r"(?:--\S+\s+)*([A-Za-z_]\w*)\s*", rest)):
        return f"{target[1]} = {UNKNOWN}; {THIS}", ""
    if name in CODE:
        return THIS, ""
    if name == "backend":  # of notebooks that run on any backend of Keras: for one of them
        return REPEATED, ""
    if name in ("timeit", "memit"):
        wrong = f"What stands behind %%{name} runs before the cell: write it in a line of its own."
        return REPEATED, wrong if re.sub(r"-[a-zA-Z]\s*\d*\s*", "", rest).strip() else ""
    if name in PASSED:
        kept = re.findall(r"--(?:out|err)[ =]+([A-Za-z_]\w*)", rest)
        return "; ".join(f"{one} = {UNKNOWN}" for one in kept) or NOTHING, ""
    return NOTHING, f"What %%{name} makes of its cell is not known; leave the cell out if the model does not need it."
