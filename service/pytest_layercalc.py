"""The pytest plugin: `pytest --layercalc` makes each budget of layercalc.yaml a test item.

It stands outside the package so that pytest, which loads it always, loads nothing of layercalc until asked.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from layercalc.checks.plan import Job

DEFAULT = "layercalc.yaml"  # as in layercalc.checks.plan
WARNED = "layercalc_warning"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("layercalc", "budgets of models")
    group.addoption("--layercalc", action="store_true", help="Make each budget of layercalc.yaml a test.")
    group.addoption(
        "--layercalc-budgets",
        action="append",
        default=[],
        metavar="FILE",
        help=f"A file of budgets, several times for several; implies --layercalc.  [default: {DEFAULT} in the rootdir]",
    )
    group.addoption("--layercalc-baseline", metavar="FILE", help="An earlier report, or the model as it was.")
    group.addoption("--layercalc-baseline-git", metavar="REF", help="The models as they were at that commit.")
    group.addoption("--layercalc-allow-new", action="store_true", help="A model that was not there has not increased.")
    parser.addini("layercalc_budgets", "Files of budgets, for --layercalc; relative to the rootdir.", "linelist", [])
    parser.addini("layercalc_baseline_git", "The commit that --layercalc compares with.", "string", "")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "layercalc: a budget of a model, made by pytest --layercalc.")
    files = budget_files(config)
    if not files:
        return
    if config.option.layercalc_baseline and config.option.layercalc_baseline_git:
        raise pytest.UsageError("A baseline is a FILE or a git REF: --layercalc-baseline or --layercalc-baseline-git.")
    named = {(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args}
    for file in files:
        if not file.is_file():
            raise pytest.UsageError(f"There is no {shown(file)}; --layercalc-budgets FILE names another.")
        if file not in named:
            config.args.append(str(file))
    config.stash[FILES] = files


FILES = pytest.StashKey[Sequence[Path]]()


def budget_files(config: pytest.Config) -> list[Path]:
    """The files of budgets that are asked for, in full; none unless asked."""
    given = config.option.layercalc_budgets
    if given:
        return [(config.invocation_params.dir / file).resolve() for file in given]
    if not config.option.layercalc:
        return []
    return [(config.rootpath / file).resolve() for file in config.getini("layercalc_budgets") or [DEFAULT]]


def shown(file: Path) -> str:
    """A path as it is typed here, where it is below."""
    short = os.path.relpath(file)
    return str(file) if short.startswith("..") else short


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "BudgetsFile | None":
    if file_path.resolve() not in parent.config.stash.get(FILES, ()):
        return None
    return BudgetsFile.from_parent(parent, path=file_path)


class BudgetsFile(pytest.File):
    """A file of budgets; what is wrong with it is an error of collection."""

    def collect(self) -> Iterator["Model"]:
        from layercalc.checks.plan import plan
        from layercalc.errors import Refused
        from layercalc.escapes import printable

        options = self.config.option
        ref = options.layercalc_baseline_git
        if ref is None and not options.layercalc_baseline:
            ref = self.config.getini("layercalc_baseline_git") or None
        try:
            past = {"baseline": options.layercalc_baseline, "ref": ref}
            jobs = plan(shown(self.path), **past, allow_new=options.layercalc_allow_new)
        except Refused as error:
            raise self.CollectError(faults(error)) from None
        for job in jobs:
            yield Model.from_parent(self, name=printable(Path(job.name).as_posix()), job=job)


class Model(pytest.Collector):
    """One model: analysed once, when its first budget is run."""

    def __init__(self, *, job: "Job", **more: Any):
        super().__init__(**more)
        self.job = job
        self.results: list[dict[str, Any]] | None = None
        self.warnings: list[dict[str, Any]] = []  # until an item has taken them
        self.fault: Exception | None = None

    def collect(self) -> Iterator["Item"]:
        from layercalc.escapes import printable

        seen: Counter[str] = Counter()
        for index, budget in enumerate(self.job.budgets):
            seen[budget.title] += 1
            more = f" ({seen[budget.title]})" if seen[budget.title] > 1 else ""
            source = (budget.file, budget.lines.get("", 1)) if budget.file else (str(self.path), 1)
            yield Item.from_parent(self, name=printable(budget.title + more), index=index, source=source)

    def judge(self) -> list[dict[str, Any]]:
        """The results, one for each budget; Refused where the model cannot be judged, each time it is asked."""
        from layercalc.checks.jobs import verdict

        if self.fault is not None:
            raise self.fault
        if self.results is None:
            try:
                found = verdict(self.job)
                self.results, self.warnings = found["results"], found["warnings"]
            except Exception as error:
                self.fault = error
                raise
        return self.results


class Exceeded(Exception):  # noqa: N818
    """A budget that is exceeded; the message is its detail with the file and line to edit."""


class Item(pytest.Item):
    """One budget of one model. It fails when exceeded, and errs when nothing can be said of it."""

    parent: Model

    def __init__(self, *, index: int, source: tuple[str, int], **more: Any):
        super().__init__(**more)
        self.index, self.source = index, source
        self.result: dict[str, Any] = {}
        self.add_marker("layercalc")

    def setup(self) -> None:
        from layercalc.errors import Refused

        try:
            self.result = self.parent.judge()[self.index]
        except Refused as error:
            words = faults(error)
        else:
            self.user_properties += [(WARNED, placed(one)) for one in self.parent.warnings]
            self.parent.warnings = []
            return
        pytest.fail(words, pytrace=False)  # of an error in setup, pytest would show where we raised it

    def runtest(self) -> None:
        from layercalc.escapes import printable

        if self.result["passed"]:
            return
        place = self.result.get("source") or dict(zip(("file", "line"), self.source, strict=True))
        words = printable(f"{place['file']}:{place['line']}: {self.parent.name}: {self.result['detail']}")
        if self.result["level"] == "error":
            raise Exceeded(words)
        self.user_properties.append((WARNED, words))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Exceeded):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.source[1] - 1, f"{self.parent.name}: {self.name}"


def faults(error: Any) -> str:
    """Why nothing can be judged, every fault with its place."""
    return "\n".join([f"{error.title}:", *(f"  {placed(one)}" for one in error.errors)])


def placed(one: dict[str, Any]) -> str:
    """What is said of a document, with its place in front, in a line."""
    from layercalc.formats.sheet import placed

    return placed(one)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Budgets of level `warn` pass, and are said at the end, as is what a model was read with."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    words = dict.fromkeys(text for one in reports for key, text in one.user_properties if key == WARNED)
    if words:
        terminalreporter.section("layercalc warnings")
        for text in words:
            terminalreporter.line(text)
