"""A model as it was: in a file, or in git at a commit."""

import subprocess
from pathlib import Path
from typing import Any, NoReturn

from layercalc.errors import Refused, Unreadable
from layercalc.files.named import parse_model, read_model

SECONDS = 60  # for git to answer
POINTER = b"version https://git-lfs.github.com/spec/"


class Missing(Unreadable):
    """The file was not there at the commit."""


def from_file(name: str) -> Any:
    """A report or a model; Unreadable where there is none."""
    try:
        return read_model(name)[0]
    except Refused as error:
        raise of_the_baseline(error) from None


def from_git(name: str, ref: str) -> Any:
    """The model that a file was at a commit; Unreadable says whether git, the ref or the file is missing."""
    if name == "-":
        refuse(name, "Standard input was nowhere at a commit; a git baseline needs a file.")
    try:
        return parse_model(at_commit(name, ref), f"{name} at {ref}")[0]
    except Refused as error:
        raise of_the_baseline(error) from None


def of_the_baseline(error: Refused) -> Refused:
    for fault in error.errors:
        fault["detail"] = f"The baseline cannot be read: {fault['detail']}"
    return error


def at_commit(name: str, ref: str) -> bytes:
    """A file as it was at a commit."""
    path = Path(name)
    where = str(path.parent)
    if not ref or ref.startswith("-") or ":" in ref:
        refuse(name, f"{ref!r} is no git ref; give a branch, a tag or a commit, such as origin/main.")
    try:
        inside = git(where, "rev-parse", "--is-inside-work-tree")
        if inside.returncode:
            refuse(name, f"It is in no git repository ({said(inside)}).")
        found = git(where, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if found.returncode:
            shallow = git(where, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
            hint = (
                " The clone is shallow: fetch the history (fetch-depth: 0 of actions/checkout, GIT_DEPTH: 0 in GitLab, "
                "or git fetch --unshallow)."
                if shallow
                else f" If it is a remote branch, fetch it first: git fetch origin {ref.removeprefix('origin/')}."
            )
            refuse(name, f"There is no commit {ref!r} in this repository.{hint}")
        commit = found.stdout.decode().strip()
        shown = git(where, "show", f"{commit}:./{path.name}")
    except FileNotFoundError:
        refuse(name, "git is not installed, which a git baseline needs.")
    except subprocess.TimeoutExpired:
        refuse(name, f"git took longer than {SECONDS} seconds.")
    if shown.returncode:
        detail = (
            f"There is no {name} at {ref} ({commit[:10]}): {said(shown)}. A model that is new passes with --allow-new."
        )
        raise Missing([{"file": name, "detail": detail}])
    if shown.stdout.startswith(POINTER):
        refuse(name, f"At {ref} it is a Git LFS pointer, not the file itself.")
    return shown.stdout


def git(where: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", where, *arguments], capture_output=True, timeout=SECONDS, check=False)


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode(errors="replace").removeprefix("fatal: ").split())[:300]


def refuse(name: str, detail: str) -> NoReturn:
    raise Unreadable([{"file": name, "detail": detail}])
