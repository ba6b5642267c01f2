"""Nothing that ships has anyone install `layercalc` by its bare name: on a package index it is not ours, and whoever
registers it would run code wherever that is followed.
"""

import re
import subprocess

import pytest

from tests.ci.workspace import ROOT

NAME = r"(?<![\w./@:-])layercalc(?:\[[^\]\n]*\])?+"
END = r"(?![\w./@*-]| ?@ ?(?:git\+|file:|https:))"  # a path, a wheel's file, an image, a direct reference
INSTALL = (
    r"\b(?:pip[\d.]*|uv pip|conda|mamba|micromamba|pixi)\b[^\n;&|`]*? (?:install|download|wheel|add)\b|\bpip-?sync\b"
    r"|\b(?:pipx|uv tool) (?:install|run|inject|upgrade)\b|\buvx\b|\buv run\b[^\n;&|`]*? --with\b"
    r"|\b(?:uv|poetry|pdm|rye|hatch|pipenv) (?:add|install)\b|\beasy_install\b"
)
WAYS = [
    re.compile(rf"(?:{INSTALL})[^\n;&|`]*?{NAME}(?:(?:===?|[~!<>]=?)[^\s\"'`]*|\$\{{[^\s]*)?+{END}", re.I),
    re.compile(rf"layercalc\[[^\]\n]*\]{END}"),  # the name with an extra is a requirement, in whatever sentence
    re.compile(rf"{NAME} ?(?:===?|[~!]=|>=|<=) ?v?\d"),
    re.compile(rf"(?m)^.*\b(?:additional_dependencies|dependencies|requires|install_requires)\b.*[\[\"' ]{NAME}{END}"),
    re.compile(rf"(?m)^\s*- ['\"]?(?:pip:\s*)?{NAME}['\"]?\s*$"),  # an item of a list of packages
]


def instructions(text):
    """What in a text has someone install the bare name."""
    joined = re.sub(r"\\\n\s*", " ", text)
    return [found[0] for way in WAYS for found in way.finditer(joined)]


@pytest.mark.parametrize(
    "line",
    [
        "pip install NAME",
        "pip3 install --upgrade 'NAME'",
        "/opt/venv/bin/pip install \\\n    --quiet NAME && NAME serve",
        'python -m pip install --quiet "NAME${VERSION:+==$VERSION}"',
        "HDF5 is read with h5py: pip install 'NAME[keras]'.",
        "install NAME[otel], or leave it unset",
        "pip install NAME[keras,otel]==1.2",
        "pip install numpy NAME",
        "RUN --mount=type=cache,target=/root/.cache/pip pip download NAME -d /wheels",
        "pipx install NAME",
        "pipx run NAME check",
        "uvx NAME check",
        "uv run --with NAME check.py",
        "uv tool install NAME",
        "uv pip install NAME",
        "uv add NAME",
        "poetry add NAME",
        "conda install -c conda-forge NAME",
        "additional_dependencies: [NAME]",
        'dependencies = ["NAME"]',
        "NAME>=0.1",
        "  - NAME==0.1.0",
        "packages:\n  - NAME\n",
    ],
)
def test_instruction_is_found(line):
    assert instructions(line.replace("NAME", "layercalc"))


@pytest.mark.parametrize(
    "line",
    [
        'pip install "NAME[keras] @ git+https://github.com/OWNER/NAME"',
        "pip install git+https://github.com/OWNER/NAME",
        "pip install -e '.[keras]' && NAME serve",
        "/opt/NAME/bin/pip install --no-deps /wheels/NAME-*.whl",
        "pip install NAME-0.1.0-py3-none-any.whl",
        "docker build --tag NAME . && docker run NAME",
        "`pip install .` gives the command `NAME`",
        "  - id: NAME\n  - uses: OWNER/NAME/deploy/ci/github@main",
        "pip uninstall NAME",
    ],
)
def test_what_is_no_instruction_is_left_alone(line):
    assert instructions(line.replace("NAME", "layercalc")) == []


def test_no_file_has_the_bare_name_installed():
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "ls-files", "-z"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    files = {name: (ROOT / name).read_bytes() for name in names if (ROOT / name).is_file()}
    texts = {name: content.decode() for name, content in files.items() if b"\0" not in content}
    assert len(texts) > 300
    wrong = {name: found for name, text in texts.items() if (found := instructions(text))}
    assert wrong == {}
