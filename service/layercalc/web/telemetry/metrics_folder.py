"""The folder in which the workers of one gunicorn master keep their counts (prometheus-client's multiprocess mode).

The files are given their room beforehand: writing to a mapped file that cannot grow would kill the worker. The master
adds the files of a dead worker to those of the dead before it, so that no count is lost and the folder does not grow as
workers come and go. prometheus-client reads PROMETHEUS_MULTIPROC_DIR when it is imported, hence the imports inside.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "layercalc-metrics-"
KINDS = ("counter", "histogram", "gauge_livesum")
SUMMED = ("counter", "histogram")  # what outlives a worker
DEAD = 0  # the process id under which the counts of dead workers are kept
ROOM = 1 << 20  # bytes of one file: every route, method and status there is takes less

held: list[IO[str]] = []  # the lock that says that the folder is in use: as long as the master or a worker lives


def create(parent: Path | None) -> Path | None:
    """A folder for this master, in `parent` or in memory; None if there is no room for one."""
    for place in [parent] if parent else [Path("/dev/shm"), None]:
        folder = None
        try:
            place = place or Path(tempfile.gettempdir())
            place.mkdir(parents=True, exist_ok=True)
            sweep(place)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
            alive = (folder / "alive").open("w")
            fcntl.flock(alive, fcntl.LOCK_EX)
            (folder / "lock").touch()
            reserve(folder, os.getpid())
            reserve(folder, DEAD)
        except OSError:
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            continue
        held.append(alive)
        return folder
    return None


def sweep(place: Path) -> None:
    """Remove the folders of masters that were killed."""
    for folder in place.glob(f"{PREFIX}*"):
        try:
            with (folder / "alive").open() as alive:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # in use, just being made, or someone else's
            continue


def reserve(folder: Path, process: int) -> None:
    """Room for the counts of a process. OSError if the disk is full or cannot be written."""
    try:
        for kind in KINDS:
            with file(folder, kind, process).open("ab") as made:
                os.posix_fallocate(made.fileno(), 0, ROOM)
    except OSError:
        for kind in KINDS:  # half a file would spoil every scrape
            file(folder, kind, process).unlink(missing_ok=True)
        raise


def file(folder: Path, kind: str, process: int) -> Path:
    return folder / f"{kind}_{process}.db"


@contextmanager
def locked(folder: Path, how: int) -> Iterator[None]:
    """Scrapes (shared) keep away from the moment in which counts are moved (exclusive): they would see them twice."""
    with (folder / "lock").open() as lock:
        fcntl.flock(lock, how)
        yield


def bury(folder: Path, living: Collection[int]) -> None:
    """Keep the counts of every process that is gone, and remove its files."""
    from prometheus_client.mmap_dict import MmapedDict

    names = (re.fullmatch(r"(\w+)_(\d+)\.db", path.name) for path in folder.glob("*.db"))
    gone = [(found[1], int(found[2])) for found in names if found and int(found[2]) not in {DEAD, *living}]
    if not gone:
        return
    with locked(folder, fcntl.LOCK_EX):
        for kind in SUMMED:
            sums = MmapedDict(str(file(folder, kind, DEAD)))
            for process in (process for found, process in gone if found == kind):
                counts = MmapedDict.read_all_values_from_file(str(file(folder, kind, process)))
                for key, value, _, _ in list(counts):
                    sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
            sums.close()
        for kind, process in gone:
            file(folder, kind, process).unlink(missing_ok=True)


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
