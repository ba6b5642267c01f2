"""What is kept between requests: bounded, and never seen in an answer."""

import gzip
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze, check, diff, examples, fit, forward, sweep
from layercalc.cache import Cache, store, using
from layercalc.layers.keras.base import KERAS
from layercalc.limits import Limits
from layercalc.web import create_app
from layercalc.web.encoding import json_bytes
from tests.torch_files import body_of

DENSE = {"input_shape": [3], "layers": [{"type": "Dense", "units": 2, "name": "first"}, {"type": "ReLU"}]}
GRAPHS = json.loads(gzip.decompress((Path(__file__).parent / "data/keras_graphs/models.json.gz").read_bytes()))


def test_least_recently_used_goes_first():
    cache = Cache(2, 100)
    for key in "ab":
        cache.put(key, key, 10)
    assert cache.get("a") == "a"
    cache.put("c", "c", 10)
    assert [cache.get(key) for key in "abc"] == ["a", None, "c"]
    assert cache.bytes == 20


def test_bytes_bound_what_is_kept():
    cache = Cache(1000, 100)
    cache.put("large", 0, 51)  # more than half of everything
    assert cache.get("large") is None
    for n in range(10):
        cache.put(n, n, 20)
        assert cache.bytes <= 100
    assert list(cache.things) == [5, 6, 7, 8, 9]
    cache.put(9, 9, 25)
    assert cache.bytes == sum(size for _, size in cache.things.values()) <= 100


@pytest.mark.parametrize(("most", "most_bytes"), [(0, 100), (10, 0)])
def test_zero_keeps_nothing(most, most_bytes):
    cache = Cache(most, most_bytes)
    made = itertools.count()
    assert [cache.made("a", lambda: next(made) + 1, lambda _: 1) for _ in range(3)] == [1, 2, 3]
    assert not cache.things


def test_threads_do_not_lose_count():
    cache = Cache(50, 1000)

    def work(start):
        for n in range(3000):
            cache.put((start + n) % 97, n, n % 30)
            cache.get(n % 97)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert cache.bytes == sum(size for _, size in cache.things.values()) <= 1000
    assert len(cache.things) <= 50


@pytest.fixture(scope="module")
def shared():
    """One store for all documents below, so that each could see what another left."""
    return store(Limits())


def twice(shared, document, **options):
    """The report made anew, the first one with the store, and one that finds everything there: traces from the third."""
    alone = analyze(document, **options)
    with using(shared):
        first, second = analyze(document, **options), analyze(document, **options)
        assert first == second
        return alone, first, analyze(document, **options)


@pytest.mark.parametrize("kind", sorted(KERAS.kinds))
def test_layer_reads_the_same_from_the_store(shared, kind):
    if KERAS.kinds[kind].is_input:
        return
    config, shapes = KERAS.kinds[kind].example
    shapes = shapes if isinstance(shapes, list) else [shapes]
    names = [f"in{i}" for i in range(len(shapes))]
    inputs = [{"name": name, "shape": list(shape[1:])} for name, shape in zip(names, shapes, strict=True)]
    document = {"inputs": inputs, "layers": [{"type": kind, **config, "inputs": names}]}
    for options in ({}, {"batch_size": 1}, {}, {"batch_size": 4}):
        try:
            alone, first, second = twice(shared, document, conventions="all", explain=True, **options)
        except ValueError:
            return  # an example that needs its batch, or inputs by name: the graphs below have such
        assert alone == first == second


@pytest.mark.parametrize("name", GRAPHS)
def test_graph_reads_the_same_from_the_store(shared, name):
    alone, first, second = twice(shared, GRAPHS[name]["model"], conventions="all")
    assert alone == first == second


def test_what_nobody_named_is_not_taken_for_a_number(shared):
    for batch, shown in ((None, None), (1, 1), (None, None), (2, 2)):
        with using(shared):
            report = analyze(DENSE, batch_size=batch)
        assert report["layers"][0]["output_shape"] == [shown, 2]
    unknown = {"input_shape": [None, 3], "layers": DENSE["layers"]}
    with using(shared):
        before = len(shared.traces.things)
        assert analyze(unknown)["totals"]["macs"] is None
        assert len(shared.traces.things) == before
        assert analyze({**unknown, "input_shape": [5, 3]})["totals"]["macs"] == 30


def test_reports_from_the_store_are_the_callers_own(shared):
    with using(shared):
        report = analyze(DENSE)
        wanted = json.dumps(report)
        for row in report["layers"]:
            row["ops"][0]["flops"] = -1
            row["ops"].clear()
            row["weights"].clear()
            row["output_shape"].append(7)
            (row["receptive_field"] or {}).clear()
        assert json.dumps(analyze(DENSE)) == wanted


def emptied(value):
    """Take everything out of an answer, inside first."""
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        emptied(one)
    if isinstance(value, dict | list):
        value.clear()


ASKED = {
    "analyze": lambda: analyze(SIZED, input_shape="H,W,3", explain=True, conventions="all", device="a100"),
    "numbers": lambda: analyze(SIZED, explain=True, conventions="all", device="a100"),
    "a program": lambda: analyze(body_of("transformer_encoder"), conventions="all", device="raspberry-pi-5"),
    "check": lambda: check(SIZED, [{"metric": "params", "max": 3}]),
    "diff": lambda: diff(SIZED, DENSE),
    "sweep": lambda: sweep({**SIZED, "input_shape": [{"$": "h"}, 8, 3]}, {"h": [8, 9]}, device="a100"),
    "fit": lambda: fit(SIZED, "H", [{"metric": "flops", "max": 100_000}], input_shape="H,8,3"),
    "examples": lambda: [examples(), *(examples(one["name"]) for one in examples())],
    "forward": lambda: forward(SIZED, {"seed": 1}, return_layers=["conv"]),
}
SIZED = {"input_shape": [8, 8, 3], "layers": [{"type": "Conv2D", "filters": 4, "kernel_size": 3, "name": "conv"}]}


@pytest.mark.parametrize("ask", ASKED)
def test_an_answer_is_the_callers_own_whatever_is_done_with_it(shared, ask):
    wanted = json.dumps(ASKED[ask](), default=str)
    for kept in (None, shared):
        with using(kept) if kept else nullcontext():
            for _ in range(4):
                answer = ASKED[ask]()
                assert json.dumps(answer, default=str) == wanted
                emptied(answer)


def test_traces_are_kept_of_layers_that_are_asked_for_again():
    own = store(Limits())
    kept = []
    for units in (3, 4, 3, 3):
        with using(own):
            analyze({"input_shape": [3], "layers": [{"type": "Dense", "units": units}]})
        kept.append((len(own.layers.things), len(own.traces.things)))
    assert kept == [(1, 0), (2, 0), (2, 1), (2, 1)]


def test_store_is_bounded_whatever_comes():
    small = store(Limits(max_kept_bytes=1 << 20, max_kept_layers=30))
    for units in range(1, 200):
        with using(small):
            analyze({"input_shape": [3], "layers": [{"type": "Dense", "units": units}, {"type": "ReLU"}]})
    for cache in small[1:]:
        assert 0 < len(cache.things) <= 30
        assert cache.bytes <= (1 << 20) // 4


ROUTES = [
    ("/v1/analyze", DENSE),
    ("/v1/analyze?explain=1", DENSE),
    ("/v1/check", {"model": DENSE, "budgets": [{"metric": "params", "max": 10}]}),
    ("/v1/diff", {"before": DENSE, "after": DENSE}),
]


@pytest.mark.parametrize(("path", "body"), ROUTES)
def test_repeated_request_is_answered_304(client, path, body):
    first = client.post(path, json=body)
    assert first.headers["Vary"] == "Accept"
    tag = first.headers["ETag"]
    again = client.post(path, json=body)
    assert (again.data, again.headers["ETag"], again.mimetype) == (first.data, tag, first.mimetype)
    for sent in (tag, f"W/{tag}", f'"other", {tag}'):
        known = client.post(path, json=body, headers={"If-None-Match": sent})
        assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", tag)
    for sent in ("*", '"other"', "nonsense", tag.strip('"') * 100):
        assert client.post(path, json=body, headers={"If-None-Match": sent}).status_code == 200


def test_tag_tells_apart_whatever_is_answered_otherwise(client):
    def tag(path="/v1/analyze", body=DENSE, app=client, **headers):
        answer = app.post(path, data=json.dumps(body), headers={"Content-Type": "application/json", **headers})
        assert answer.status_code == 200, answer.text
        return answer.headers["ETag"]

    tags = [
        tag(),
        tag(body={**DENSE, "name": "other"}),
        tag("/v1/analyze?batch_size=2"),
        tag(Accept="text/plain"),
        tag(Accept="text/csv"),
        tag(app=create_app(Limits(max_layers=7)).test_client()),
    ]
    assert len(set(tags)) == len(tags)
    assert tag(Accept="*/*") == tag() == tag(app=create_app(Limits()).test_client())


def test_refusals_are_not_kept(client):
    for _ in range(2):
        answer = client.post("/v1/analyze", json={"input_shape": [3], "layers": [{"type": "Dense"}]})
        assert (answer.status_code, answer.headers.get("ETag")) == (422, None)
    strict = {"model": DENSE, "budgets": [{"metric": "params", "max": 1}]}
    assert [client.post("/v1/check?strict=1", json=strict).status_code for _ in range(2)] == [409, 409]


@pytest.mark.parametrize("limits", [{"max_kept_bytes": 0}, {"max_kept_answers": 0}, {"max_kept_layers": 0}])
def test_a_service_that_keeps_nothing_answers_the_same(client, limits):
    app = create_app(Limits(**limits))
    for _ in range(2):
        assert app.test_client().post("/v1/analyze", json=DENSE).data == client.post("/v1/analyze", json=DENSE).data
    assert [bool(cache.things) for cache in app.extensions["layercalc.cache"]] == {
        "max_kept_bytes": [False, False, False],
        "max_kept_answers": [False, True, True],
        "max_kept_layers": [True, False, False],
    }[next(iter(limits))]


@pytest.mark.parametrize(
    "path", ["/v1/layers", "/v1/layers/Dense", "/v1/conventions", "/v1/devices", "/openapi.yaml", "/openapi.json"]
)
def test_what_never_changes_is_not_sent_twice(client, path):
    first = client.get(path)
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**64), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.characters(codec=None),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(VALUES)
def test_json_goes_out_exactly(value):
    assert json.loads(json_bytes(value)) == value


def test_json_of_any_depth_and_size_goes_out():
    assert json.loads(json_bytes({"n": 10**4000, "text": "\ud800"})) == {"n": 10**4000, "text": "\ud800"}
    deep = json.loads("[" * 300 + "]" * 300)
    assert json.loads(json_bytes(deep)) == deep


def test_answer_of_a_thousand_layers_is_kept():
    app = create_app(Limits())
    document = {"input_shape": [8, 8, 3], "layers": [{"type": "Conv2D", "filters": 3, "kernel_size": 1}] * 1000}
    app.test_client().post("/v1/analyze", json=document)
    assert len(app.extensions["layercalc.cache"].answers.things) == 1
