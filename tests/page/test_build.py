"""The build of the page that is committed: of these sources, small, and the same whoever makes it."""

import gzip
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "page"
BUILT = ROOT / "service" / "layercalc" / "web" / "static"
ROOM = 450_000  # bytes, as they are sent


def files():
    """What the build is made of, by its path."""
    named = ["index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"]
    found = [path.relative_to(SOURCES).as_posix() for path in (SOURCES / "src").rglob("*") if path.is_file()]
    return sorted([*named, *found])


def test_build_is_of_the_sources_that_are_here():
    digest = hashlib.sha256()
    for name in files():
        digest.update(f"{name}\0".encode() + (SOURCES / name).read_bytes() + b"\0")
    assert (BUILT / "sources.sha256").read_text().strip() == digest.hexdigest(), "run `make page` and commit the build"


def test_build_is_small():
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in BUILT.iterdir()}
    assert {"index.html", "start.js", "app.js", "app.css", "layout.js"} <= sizes.keys()
    assert sum(sizes.values()) <= ROOM, sizes


def test_first_request_waits_for_one_file():
    """What start.js imports would be fetched after it; and its data stand before it, as it waits for nothing."""
    assert "import" not in (BUILT / "start.js").read_text()
    html = (BUILT / "index.html").read_text()
    assert (
        html.index('id="start"') < html.index("page/start.js") < html.index("page/app.js") < html.index("page/app.css")
    )


def test_no_file_of_the_page_names_another_origin_to_load_from():
    html = (BUILT / "index.html").read_text()
    assert "<script>" not in html
    assert "style=" not in html
    assert "//" not in html.replace("<!doctype", "")
    assert '"resolved"' not in (SOURCES / "package-lock.json").read_text()  # the address of a registry


def test_build_is_the_same_to_the_byte_whoever_makes_it(tmp_path):
    """Where there is node, a registry of packages and time for it."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no node or no npm (Debian: apt-get install npm)")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < 18:
        pytest.skip(f"Vite needs node 18, and this is {version}")
    page = tmp_path / "page"
    shutil.copytree(SOURCES, page, ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "service" / "layercalc" / "web").mkdir(parents=True)
    try:
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=page, capture_output=True, text=True, timeout=240)
    except subprocess.TimeoutExpired:
        pytest.skip("npm took longer than four minutes")
    if done.returncode:
        pytest.skip(f"npm could not install what the build needs: {done.stderr[-300:]}")
    made = subprocess.run(["npm", "run", "build"], cwd=page, capture_output=True, text=True, timeout=240)
    assert made.returncode == 0, made.stdout + made.stderr
    built = tmp_path / "service" / "layercalc" / "web" / "static"
    assert sorted(path.name for path in built.iterdir()) == sorted(path.name for path in BUILT.iterdir())
    for path in built.iterdir():
        assert path.read_bytes() == (BUILT / path.name).read_bytes(), path.name
