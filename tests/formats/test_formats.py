"""Verdicts in the formats of other programs, each read back by a parser that is not ours."""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from junitparser import JUnitXml
from markdown_it import MarkdownIt
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from layercalc import check, diff
from layercalc.escapes import printable
from layercalc.formats import FORMATS, beside, diff_markdown, rendered
from layercalc.formats.findings import findings
from layercalc.formats.sheet import Sheet, as_markdown, code, prose

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "sarif-2.1.0.schema.json").read_text())
TOTALS = {"params": 12_426, "flops": 10**30, "param_bytes": 49_704, "macs": None}


def result(metric="params", limit=10_000, actual=12_426, **more):
    excess = actual - limit if isinstance(limit, int) else None
    passed = more.pop("passed", excess is not None and excess <= 0)
    one = {
        "metric": metric, "kind": "max", "level": "error", "limit": limit, "actual": actual, "excess": excess, "passed": passed,
        "detail": f"{metric} {actual} against {limit}", "layers": [],
    }  # fmt: skip
    return {**one, **more}


def verdict(*results, totals=TOTALS, **more):
    failed = any(not one["passed"] and one["level"] == "error" for one in results) or bool(more.get("errors"))
    return {"passed": not failed, "results": list(results), "totals": totals if results else {}, **more}


SOURCE = {"file": "ci/layercalc.yaml", "line": 12}
LAYERS = [{"name": "dense", "part": 9000, "delta": 4000}, {"name": "conv|2d", "part": 100, "delta": None}]
JUDGED = [
    ("models/fine.json", verdict(result(limit=20_000), result("flops", 10**31, 10**30))),
    ("models/wide net.json", verdict(
        result(level="warn"),
        result(limit=12_000, source=SOURCE, layers=LAYERS),
        result("flops", 10**29, 10**30, source={**SOURCE, "line": 13}),
        result("output_shape", [None, 9], [None, 10], kind="equals"),
        result("params", 100, 9000, layer="dense", source={**SOURCE, "line": 20}),
        baseline={"totals": {"params": 12_000, "flops": 10**30, "param_bytes": 0, "macs": 5}},
    )),
    ("models/broken.json", verdict(errors=[{"detail": "Expected a layer.", "pointer": "/layers/0"}, {"detail": "No ')'.", "file": "models/broken.json", "line": 7, "column": 2}])),
    ("-", verdict(result(limit=1))),
]  # fmt: skip
HOSTILE = (
    "a|b<script>alert(1)</script>\r\n::error::x`*_[x](http://e.com) @octocat #1 <!-- \\| %0A \x00\x1b ]]> \"'&amp; 名"
)
EVIL = [(HOSTILE, verdict(
    result(layer=HOSTILE, detail=f"params of {HOSTILE} exceeds", layers=[{"name": HOSTILE, "part": 1, "delta": 1}], source={"file": HOSTILE, "line": 3}),
    result(detail=f"{HOSTILE} is within", limit=20_000),
    errors=[{"detail": HOSTILE}], totals={"params": 1},
))]  # fmt: skip
EMPTY = [("-", verdict(errors=[{"detail": "layercalc.yaml, line 3: no.", "file": "layercalc.yaml", "line": 3}]))]
CASES = {"several": JUDGED, "hostile": EVIL, "fault": EMPTY, "none": []}


def test_findings_are_faults_first_then_by_how_far_past_the_limit():
    found = findings(JUDGED)
    assert [one.level for one in found] == ["fault"] * 2 + ["error"] * 5 + ["warn"]
    assert [one.title for one in found[2:7]] == [
        "output_shape equals",
        "params max",
        "params of dense max",
        "flops max",
        "params max (2)",
    ]
    assert len({one.key for one in found}) == len(found)
    assert [one.key for one in findings(JUDGED)] == [one.key for one in found]


@pytest.mark.parametrize("name", CASES)
def test_junit_is_read_by_a_parser(name):
    text = FORMATS["junit"](CASES[name])
    suites = list(JUnitXml.fromstring(text.encode()))
    assert len(suites) == len(CASES[name])
    root = ET.fromstring(text.encode())
    results = [one for _, found in CASES[name] for one in found["results"]]
    assert len(root.findall(".//failure")) == sum(not one["passed"] and one["level"] == "error" for one in results)
    assert len(root.findall(".//error")) == sum(len(found.get("errors", ())) for _, found in CASES[name])
    for suite in root.findall("testsuite"):
        cases = suite.findall("testcase")
        assert (int(suite.get("tests")), int(suite.get("errors"))) == (len(cases), len(suite.findall(".//error")))
        assert len({case.get("name") for case in cases}) == len(cases)


def test_junit_names_the_line_to_edit():
    root = ET.fromstring(FORMATS["junit"](JUDGED).encode())
    case = root.find("testsuite[@name='models/wide net.json']/testcase[@name='params max (2)']")
    assert (case.get("classname"), case.get("file"), case.get("line")) == (
        "models/wide net.json",
        "ci/layercalc.yaml",
        "12",
    )
    assert case.find("failure").get("message") == "params 12426 against 12000"
    warned = root.find("testsuite[@name='models/wide net.json']/testcase[@name='params max']")
    assert warned.find("failure") is None
    assert warned.find("system-out").text == "warning: params 12426 against 10000"
    error = root.find(".//testcase[@name='fault 2']")
    assert (error.get("file"), error.get("line"), error.find("error").get("message")) == (
        "models/broken.json",
        "7",
        "line 7, column 2: No ')'.",
    )
    flops = root.find(".//property[@name='flops']")
    assert flops.get("value") == str(10**30)


def command(line):
    """A workflow command as GitHub's runner takes it apart."""
    kind, rest, message = re.fullmatch(r"::(\w+) ([^\r\n]*?)::(.*)", line).groups()

    def unescape(text):
        for mark, letter in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            text = text.replace(mark, letter)
        return text

    return kind, {pair.split("=", 1)[0]: unescape(pair.split("=", 1)[1]) for pair in rest.split(",")}, unescape(message)


def test_github_commands_say_file_and_line_worst_first():
    lines = [command(line) for line in FORMATS["github"](JUDGED).splitlines()]
    assert [kind for kind, _, _ in lines] == ["error"] * 7 + ["warning"]
    assert lines[0] == (
        "error",
        {"file": "models/broken.json", "line": "1", "title": "layercalc: models/broken.json"},
        "/layers/0: Expected a layer.",
    )
    kind, properties, message = next(one for one in lines if one[1]["title"].endswith("params max (2)"))
    assert (kind, properties["file"], properties["line"], message) == (
        "error",
        "ci/layercalc.yaml",
        "12",
        "params 12426 against 12000",
    )
    assert "file" not in next(one for one in lines if ": -: " in one[1]["title"])[1]


def test_nothing_in_a_name_ends_a_github_command():
    lines = FORMATS["github"](EVIL).split("\n")
    assert len(lines) == 3
    assert lines[-1] == ""
    for line in lines[:-1]:
        kind, properties, message = command(line)
        assert (kind, properties["file"].endswith("名")) == ("error", True)
        assert "\r\n::error::x" in message


@pytest.mark.parametrize("name", CASES)
def test_gitlab_entries_have_what_gitlab_requires(name):
    entries = json.loads(FORMATS["gitlab"](CASES[name]))
    assert len(entries) == len(findings(CASES[name]))
    assert len({one["fingerprint"] for one in entries}) == len(entries)
    for one in entries:
        assert set(one) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert one["location"]["lines"]["begin"] >= 1
        assert not one["location"]["path"].startswith("./")


@pytest.mark.parametrize("name", CASES)
def test_gitlab_metrics_are_openmetrics(name):
    text = FORMATS["gitlab-metrics"](CASES[name])
    families = {one.name: one for one in text_string_to_metric_families(text)}
    assert text.endswith("# EOF\n")
    if name == "several":
        assert {sample.labels["model"]: sample.value for sample in families["layercalc_passed"].samples} == {
            "models/fine.json": 1, "models/wide net.json": 0, "models/broken.json": 0, "-": 0
        }  # fmt: skip
        assert families["layercalc_param_bytes"].unit == "bytes"
        assert f'layercalc_flops{{model="models/fine.json"}} {10**30}' in text.splitlines()
        assert "layercalc_macs" not in families, "unknown is no number"
        limits = {
            sample.labels["budget"]: sample.value
            for sample in families["layercalc_params_limit"].samples
            if "wide" in sample.labels["model"]
        }
        assert limits == {"params max": 10_000, "params max (2)": 12_000, "params of dense max": 100}
    if name == "hostile":
        assert families["layercalc_passed"].samples[0].labels["model"] == printable(HOSTILE)


@pytest.mark.parametrize("name", CASES)
def test_sarif_fits_its_schema(name):
    log = json.loads(FORMATS["sarif"](CASES[name]))
    jsonschema.Draft7Validator(SCHEMA).validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for one in run["results"]:
        assert rules[one["ruleIndex"]] == one["ruleId"]
        assert re.fullmatch(
            r"[\x21-\x7e]+",
            one["locations"][0].get("physicalLocation", {"artifactLocation": {"uri": "x"}})["artifactLocation"]["uri"],
        )
    assert len({one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]}) == len(run["results"])


def test_sarif_says_where_and_what():
    (run,) = json.loads(FORMATS["sarif"](JUDGED))["runs"]
    one = next(
        one for one in run["results"] if one["message"]["text"] == "models/wide net.json: params 12426 against 12000"
    )
    (location,) = one["locations"]
    assert (one["ruleId"], one["level"]) == ("budget/params", "error")
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "ci/layercalc.yaml", "uriBaseId": "%SRCROOT%"}
    assert location["physicalLocation"]["region"] == {"startLine": 12}
    assert [logical["name"] for logical in location["logicalLocations"]] == ["dense", "conv|2d"]
    warned = next(one for one in run["results"] if one["level"] == "warning")
    assert unquote(warned["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) == "models/wide net.json"
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert [told["message"]["text"] for told in invocation["toolExecutionNotifications"]] == [
        "/layers/0: Expected a layer.",
        "line 7, column 2: No ')'.",
    ]
    assert next(one for one in run["results"] if one["ruleId"] == "budget/flops")["properties"]["actual"] == str(10**30)
    (fine,) = json.loads(FORMATS["sarif"](JUDGED[:1]))["runs"]
    assert (fine["results"], fine["invocations"]) == ([], [{"executionSuccessful": True}])


@pytest.mark.parametrize(
    ("form", "judged", "message", "color"),
    [
        ("badge", JUDGED[:1], "passing", "brightgreen"),
        ("badge", [JUDGED[1]], "4 exceeded", "red"),
        ("badge", [("a", verdict(result(level="warn")))], "1 warning", "yellow"),
        ("badge", JUDGED, "not judged", "lightgrey"),
        ("badge:params", JUDGED[:1], "12.4 K", "brightgreen"),
        ("badge:params", JUDGED[:2], "12.4 K", "red"),
        ("badge:params", [("a", verdict(result(level="warn")))], "12.4 K", "yellow"),
        ("badge:param_bytes", JUDGED[:1], "48.5 KiB", "blue"),
        ("badge:macs", JUDGED[:1], "unknown", "lightgrey"),
        ("badge:flops", [("a", {"passed": True, "results": [], "totals": {"flops": 0}})], "0", "blue"),
    ],
)  # fmt: skip
def test_badge_is_what_shields_io_reads(form, judged, message, color):
    shown = json.loads(rendered(form, judged))
    assert (shown["schemaVersion"], shown["message"], shown["color"]) == (1, message, color)
    assert set(shown) <= {"schemaVersion", "label", "message", "color", "isError"}
    assert shown["label"] == (form.partition(":")[2] or "model budgets").replace("_", " ")


def test_badge_of_no_metric_is_a_fault():
    with pytest.raises(ValueError, match="params"):
        rendered("badge:parms", JUDGED[:1])


def html(markdown):
    return MarkdownIt("gfm-like", {"html": True}).disable("linkify").render(markdown)


class Tags(HTMLParser):
    """The tags, the words and the comments of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words, self.comments, self.cells = [], "", [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words += data

    def handle_comment(self, data):
        self.comments.append(data)


def test_markdown_has_the_worst_first_and_the_rest_folded():
    text = FORMATS["markdown"](JUDGED)
    assert text.startswith(
        "<!-- layercalc check -->\n### 🚫 Model budgets: 2 faults: the budgets could not be judged\n"
    )
    places = [text.index(name) for name in ("models/broken.json", "models/wide net.json", "models/fine.json")]
    assert places == sorted(places)
    assert "| ❌ | params 12426 against 12000 | <code>ci/layercalc.yaml:12</code> |" in text
    assert "| params | 12,000 | 12,426 | +426 (+3.6 %) |" in text
    assert "| param&#95;bytes |" not in text
    assert "| param_bytes | 0 | 49,704 | +49,704 |" in text
    assert "| macs | 5 | unknown | unknown |" in text
    assert "<summary><code>models/fine.json</code>: all 2 budgets hold</summary>" in text
    page = Tags(html(text))
    assert page.tags.count("details") == text.count("</details>") == text.count("<details>")


def test_nothing_in_a_name_is_read_as_markup():
    for text in (FORMATS["markdown"](EVIL), FORMATS["github-summary"](EVIL)):
        page = Tags(html(text))
        assert set(page.tags) <= {
            "h3",
            "p",
            "strong",
            "code",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "details",
            "summary",
            "ul",
            "li",
        }
        assert page.comments == [" layercalc check "]
        assert "alert(1)" in page.words
        assert not re.search(r"@\w|#\d", re.sub(r"<code>.*?</code>", "", html(text)))
        assert all(line.count("|") in (3, 4, 5) for line in text.splitlines() if line.startswith("|"))


@pytest.mark.parametrize("text", [
    "a|b", "a\\|b", "<b>x</b>", "`x`", "**x** and __x__ and _x_", "[a](http://b)", "![a](b)", "~~x~~", "&lt;", "www.example.com", "http://x.y",
    "a@b.c", "<http://x.y>", "# x", "conv2d_14", "a_b_c", "$x$", "&#64;a", "x](y", "[x]: y", "é名",
])  # fmt: skip
def test_text_stays_text_in_markdown(text):
    (sheet,) = [Sheet("t", ["A"], [[text]], [], [], [])]
    parser = MarkdownIt("gfm-like", {"html": True})
    page = Tags(parser.render(as_markdown(sheet)))
    assert page.tags == ["h3", "table", "thead", "tr", "th", "tbody", "tr", "td"]
    assert text in page.words.replace("\u200b", "")
    inside = Tags(parser.render(f"x {code(text)} y"))
    assert inside.tags == ["p", "code"]
    assert inside.words.strip() == f"x {text} y"
    assert prose("conv2d_14 +48.2 M, 8.7 %") == "conv2d_14 +48.2 M, 8.7 %"


def test_markdown_fits_a_comment_of_github():
    many = [
        (
            f"model{i}.json",
            verdict(*(result(layer=f"layer{j}", detail=f"params of layer{j} {'x' * 200}") for j in range(200))),
        )
        for i in range(40)
    ]
    text = FORMATS["markdown"](many)
    assert len(text) < 65_536
    assert re.search(r"\d+ more models found no room here", text)
    assert "150 more found no room here" in text


SMALL = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}, {"type": "ReLU"}, {"type": "Dense", "units": 2}]}
LARGE = {"input_shape": [8], "layers": [{"type": "ReLU"}] * 41}


def comment(document, baseline=None):
    verdict = check(document, [{"metric": "params", "max": 5}], baseline, beside=beside("markdown"))
    return FORMATS["markdown"]([("a.json", verdict)]), verdict


def test_comment_draws_a_small_model_and_what_changed_in_it():
    text, verdict = comment(SMALL)
    (drawing,) = re.findall(
        r"(?s)<summary>The network</summary>\n\n```mermaid\n(flowchart TD\n.*?)```\n\n</details>", text
    )
    assert "dense_1" in drawing
    assert "classDef changed" not in drawing
    assert "drawing" not in json.loads(FORMATS["json"]([("a.json", verdict)]))
    wider = {**SMALL, "layers": [{"type": "Dense", "units": 9}, SMALL["layers"][2]]}
    text, _ = comment(wider, SMALL)
    assert "classDef changed" in text
    assert "classDef removed" in text


def test_comment_draws_no_large_model_and_none_that_has_no_room():
    assert "mermaid" not in comment(LARGE)[0]
    assert "mermaid" not in comment(SMALL, LARGE)[0]
    assert "drawing" not in check(SMALL, [{"metric": "params", "max": 5}])
    _, verdict = comment(SMALL)
    one = FORMATS["markdown"]([("a.json", {**verdict, "drawing": "x" * 60_000})])
    assert "mermaid" not in one
    assert "params" in one


def test_diff_markdown_has_totals_before_and_after_and_layers_folded():

    def net(n):
        return {"input_shape": [4], "layers": [{"type": "Dense", "units": n}, {"type": "Dense", "units": 2}]}

    text = diff_markdown(diff(net(3), net(4)))
    assert "| params | 23 | 30 | +7 (+30.4 %) |" in text
    assert "<details open><summary>Layers</summary>" in text
    assert "| changed | dense | Dense | units 3 → 4 |" in text
    assert "### diff: no difference" in diff_markdown(diff(net(3), net(3)))
    wide = {"input_shape": [4], "layers": [{"type": "Dense", "units": 3, "name": f"d{i}"} for i in range(300)]}
    long = diff_markdown(diff(net(3), wide))
    assert len(long) < 65_536
    assert "<details><summary>" in long
