"""What the tests of CI share: a repository with a model that grows, and an environment that pip finds layercalc in."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy" / "ci"
BUDGETS = "models:\n  - path: nets/*.json\n    budgets:\n      - metric: params\n        max: 100\n      - {metric: flops, max_increase: 50%}\n"


def net(units):
    return json.dumps(
        {"name": "net", "input_shape": [8], "layers": [{"type": "Dense", "units": units, "name": "head"}]}
    )


def environment(**more):
    """A runner's environment: nothing of GitHub or GitLab but what is given; pip needs no network, since all is there."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("GITHUB", "CI", "GITLAB", "PIP_", "GIT_", "PYTEST"))
    }
    found = [sysconfig.get_path("purelib"), str(ROOT / "service")]
    return kept | {
        "PYTHONPATH": os.pathsep.join(found),
        "PIP_NO_INDEX": "1",
        **{key: str(value) for key, value in more.items()},
    }


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
