"""A Dockerfile without an engine: its steps run as they stand, in their order, on overlays of this system's own root.

The base image is this machine with the Python that runs the tests, called `python` as the official image calls it.
Needs root, overlayfs, unshare and chroot.
"""

import contextlib
import functools
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from docker.utils.build import exclude_paths
from dockerfile_parse import DockerfileParser

PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
BASE = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
OUTSIDE = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")  # how this machine reaches its registry
ISOLATED = ("--net", "--pid", "--fork", "--kill-child")


@dataclass
class Stage:
    """One FROM and what follows it."""

    name: str
    folder: Path
    env: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    arguments: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    stop: str = "SIGTERM"

    def mounting(self) -> str:
        """Shell lines that put the stage's file system at its `root`, with nothing of the host's /tmp."""
        at = {name: shlex.quote(str(self.folder / name)) for name in ("changes", "work", "root")}
        return (
            f"mount -t overlay layers -o lowerdir=/,upperdir={at['changes']},workdir={at['work']} {at['root']}\n"
            f"mount --rbind /proc {at['root']}/proc\nmount --rbind /dev {at['root']}/dev\n"
            f"mount -t tmpfs tmp {at['root']}/tmp\n"
        )

    def within(self, command: list[str]) -> list[str]:
        """A command as the stage's user, in its folder, with its environment alone."""
        user = ["--reuid", self.user.split(":")[0], "--regid", self.user.split(":")[-1], "--clear-groups"]
        env = [f"{name}={value}" for name, value in {"HOME": os.environ.get("HOME", "/root"), **self.env}.items()]
        folder = f'cd {shlex.quote(self.workdir)} && exec "$@"'
        inner = ["setpriv", *user, "env", "-i", *env, "sh", "-c", folder, "sh", *command]
        return ["chroot", str(self.folder / "root"), *inner]


@functools.cache
def possible() -> str:
    """Why the steps cannot be run here; empty if they can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in ("unshare", "chroot", "setpriv", "mount", "useradd") if not shutil.which(name)]
    if missing:
        return f"needs {', '.join(missing)}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            with ram(Path(folder)) as memory:
                stage = started(Stage("trial", memory / "trial"))
                run(stage.mounting() + shlex.join(stage.within(["python", "-c", ""])), flags=ISOLATED)
        except AssertionError as error:  # a container that is root, and may mount nothing
            return f"needs namespaces, tmpfs and overlays: {error}"
    return ""


def run(script: str, *, flags: tuple[str, ...] = (), timeout: float = 600) -> str:
    """Shell lines in a mount namespace of their own; AssertionError with what they wrote if one of them fails."""
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as file:  # a single argument may not be past 128 KiB
        file.write(f"umask 022\n{script}\n")
        file.flush()
        done = subprocess.run(
            ["unshare", "--mount", *flags, "sh", "-eu", file.name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\nexit code {done.returncode}"
    return done.stdout


def substituted(text: str, stage: Stage | None, globals: dict[str, str]) -> str:
    """$NAME and ${NAME} as the builder knows them; a name it does not know is an error."""
    known = {**globals, **stage.arguments, **stage.env} if stage else globals
    return Template(text).substitute(known)


def build(dockerfile: Path, context: Path, folder: Path) -> Stage:
    """Every step of a Dockerfile; the last stage."""
    ignored = (context / ".dockerignore").read_text().splitlines()
    sent = set(exclude_paths(str(context), ignored, dockerfile=str(dockerfile.relative_to(context))))
    parser = DockerfileParser(fileobj=io.BytesIO(dockerfile.read_bytes()))
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    globals: dict[str, str] = {}
    for step in parser.structure:
        kind, value = step["instruction"], step["value"]
        if kind == "COMMENT":
            continue
        if kind == "ARG":
            for word in shlex.split(value):
                name, _, default = word.partition("=")
                (stage.arguments if stage else globals)[name] = default
        elif kind == "FROM":
            words = substituted(value, None, globals).split()
            name = words[2] if len(words) == 3 else str(len(stages))
            assert ":" in words[0], f"{words[0]} names no version"
            stage = stages[name] = started(Stage(name, folder / name))
        else:
            assert stage is not None, f"{kind} before FROM"
            apply(kind, value, stage, stages, context, sent)
    assert stage is not None
    return stage


def started(stage: Stage) -> Stage:
    """The folders of a new stage; Python has its name there, and is where every user may enter."""
    for name in ("changes", "work", "root"):
        (stage.folder / name).mkdir(parents=True)
        (stage.folder / name).chmod(0o755)  # whatever the umask is: it becomes the root's
    root = shlex.quote(str(stage.folder / "root"))
    named = f"cd {root}/usr/local/bin\nrm -f python\necho '#!/bin/sh\nexec {BASE} \"$@\"' > python\nchmod +x python\n"
    way = [place for place in Path(sys.base_prefix).parents if place != Path("/")]
    run(stage.mounting() + named + "\n".join(f"chmod o+x {root}{place}" for place in way))
    return stage


def apply(kind: str, value: str, stage: Stage, stages: dict[str, Stage], context: Path, sent: set[str]) -> None:
    """One step."""
    if kind == "ENV":
        stage.env |= dict(word.split("=", 1) for word in shlex.split(substituted(value, stage, {})))
    elif kind == "WORKDIR":
        stage.workdir = os.path.join(stage.workdir, value)
        run(f"{stage.mounting()}mkdir -p {stage.folder / 'root'}{stage.workdir}")
    elif kind == "USER":
        stage.user = value
    elif kind == "RUN":
        words = value.split()
        while words[0].startswith("--mount=type=cache,"):
            words.pop(0)
        outside = {name: text for name, text in os.environ.items() if name.upper().startswith(OUTSIDE)}
        line = Stage(stage.name, stage.folder, {**outside, **stage.env}, workdir=stage.workdir, user=stage.user)
        run(stage.mounting() + shlex.join(line.within(["sh", "-c", " ".join(words)])))
    elif kind == "COPY":
        copy(shlex.split(value), stage, stages, context, sent)
    elif kind == "CMD":
        stage.command = json.loads(value)
    elif kind == "HEALTHCHECK":
        stage.health = json.loads(value[value.index("CMD") + 3 :])
    elif kind == "STOPSIGNAL":
        stage.stop = value
    else:
        assert kind in ("LABEL", "EXPOSE"), f"{kind} is not known to this test"


def copy(words: list[str], stage: Stage, stages: dict[str, Stage], context: Path, sent: set[str]) -> None:
    """Files from the context, as far as .dockerignore lets them through, or from an earlier stage."""
    source = stages[words.pop(0).removeprefix("--from=")] if words[0].startswith("--from=") else None
    *names, target = words
    into = f"{stage.folder / 'root'}{os.path.join(stage.workdir, target)}"
    script = stage.mounting()
    if source:
        script += f"{source.mounting()}cp -a {source.folder / 'root'}{names[0]} {into}"
    for name in names if source is None else ():
        files = [one for one in sorted(sent) if one == name or one.startswith(f"{name}/")]
        files = [one for one in files if (context / one).is_file()]
        assert files, f"COPY {name}: no such file in what is sent to the builder"
        for one in files:
            inside = one.removeprefix(f"{name}/") if one != name else Path(one).name
            place = shlex.quote(f"{into.rstrip('/')}/{inside}" if one != name or target.endswith("/") else into)
            script += f"mkdir -p $(dirname {place})\ncp {shlex.quote(str(context / one))} {place}\n"
    run(script)


@contextlib.contextmanager
def ram(folder: Path):
    """A file system in memory that overlays can be on."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1g", "layercalc-image", str(folder)]
    done = subprocess.run(mount, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def serving(stage: Stage, script: str) -> str:
    """What a shell script prints that runs beside the image's command, with `health` and `inside` to call.

    As a container engine runs it: the root is read-only but for /tmp, no network but loopback, no other processes.
    """
    root = stage.folder / "root"
    lines = f"""
        {stage.mounting()}
        mount --make-private {root}
        mount -o remount,ro {root}
        mount -t proc proc {root}/proc
        {shlex.quote(sys.executable)} -c {shlex.quote(LOOPBACK_UP)}
        inside() {{ {shlex.join(stage.within([]))} "$@"; }}
        health() {{ inside {shlex.join(stage.health)} 2>/dev/null; }}
        {shlex.join(stage.within(stage.command))} > {stage.folder}/log 2>&1 &
        main=$!
        {script}
    """
    return run(lines, flags=ISOLATED)


LOOPBACK_UP = """
import fcntl, socket, struct
UP = 0x8914, struct.pack("16sh14x", b"lo", 0x41)  # SIOCSIFFLAGS; IFF_UP, IFF_RUNNING
fcntl.ioctl(socket.socket(), *UP)
"""
