"""What the tests of CI share: a repository with a model that grows, and an environment that needs no network."""

import json
import os
import subprocess
import sysconfig
import zipfile
from pathlib import Path

from tests import lock

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy" / "ci"
WHERE = "import layercalc; print(layercalc.__file__)"
BUDGETS = "models:\n  - path: nets/*.json\n    budgets:\n      - metric: params\n        max: 100\n      - {metric: flops, max_increase: 50%}\n"


def net(units):
    return json.dumps(
        {"name": "net", "input_shape": [8], "layers": [{"type": "Dense", "units": units, "name": "head"}]}
    )


def environment(**more):
    """A runner's environment, and what is given; what layercalc needs is on PYTHONPATH."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTEST", "PYTHON"))}
    return kept | {
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_INDEX": "1",
        **{key: str(value) for key, value in more.items()},
    }


def index(folder):
    """What an installation has instead of a network: all that the lock names, as far as pip can see, and an index of one
    thing, a stranger's `layercalc`.
    """
    locked, strangers = folder / "locked", folder / "strangers"
    strangers.mkdir()
    metadata = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n".format
    for need in lock.pins():
        if need.marker is None or need.marker.evaluate():
            version = str(need.specifier).removeprefix("==")
            at = locked / f"{need.name.replace('-', '_')}-{version}.dist-info"
            at.mkdir(parents=True)
            (at / "METADATA").write_text(metadata(need.name, version))
    for version in ("0.0.1", "0.1.0", "99.0"):
        at = f"layercalc-{version}.dist-info"
        with zipfile.ZipFile(strangers / f"layercalc-{version}-py3-none-any.whl", "w") as wheel:
            for name in ("layercalc/__init__.py", "layercalc/__main__.py"):
                wheel.writestr(name, "raise SystemExit('a stranger')\n")
            wheel.writestr(f"{at}/METADATA", metadata("layercalc", version))
            wheel.writestr(f"{at}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{at}/RECORD", "")
    return {"PYTHONPATH": locked, "PIP_FIND_LINKS": strangers}


def git(where, *arguments):
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", "-C", str(where), *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(path, folder="."):
    """A repository of two commits, the second with a model twice as large; the first one's name."""
    here = path / folder
    (here / "nets").mkdir(parents=True)
    (here / "nets" / "a.json").write_text(net(10))
    (here / "layercalc.yaml").write_text(BUDGETS)
    git(path, "init", "-q")
    git(path, "add", "-A")
    git(path, "commit", "-qm", "first")
    first = git(path, "rev-parse", "HEAD")
    (here / "nets" / "a.json").write_text(net(20))
    git(path, "commit", "-qam", "second")
    return first
