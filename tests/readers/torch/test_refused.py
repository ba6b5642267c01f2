"""What people have of a PyTorch model and is not read, its text or what it prints: every face says how to export it."""

import json

import pytest

import layercalc
from tests.command import run

SOURCE = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    pass\n\n\nmodel = Net()\n"
PRINTED = "Sequential(\n  (0): Linear(in_features=4, out_features=2, bias=True)\n  (1): ReLU()\n)\n"
LINE = "torch.export.save(torch.export.export(model.eval(), (x,)), 'model.pt2')"
TEXTS = {"source text": (SOURCE, 1), "print(model)": (PRINTED, 2)}
BUDGETS = [{"metric": "params", "max": 1}]
VERBS = {
    "analyze": lambda text: layercalc.analyze(text),
    "forward": lambda text: layercalc.forward(text, {"seed": 7}),
    "check": lambda text: layercalc.check(text, BUDGETS),
    "diff": lambda text: layercalc.diff(text, text),
}
ROUTES = {
    "/v1/analyze": lambda text: {"model": text},
    "/v1/forward": lambda text: {"model": text, "inputs": {"seed": 7}},
    "/v1/check": lambda text: {"model": text, "budgets": BUDGETS},
    "/v1/diff": lambda text: {"before": text, "after": text},
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", TEXTS)
def test_python_says_how_to_export_it(name, verb):
    text, line = TEXTS[name]
    with pytest.raises(layercalc.InvalidModel) as refused:
        VERBS[verb](text)
    assert LINE in str(refused.value)
    assert refused.value.errors[0]["line"] == line


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", TEXTS)
def test_the_service_says_how_to_export_it(client, name, route):
    text, line = TEXTS[name]
    answers = [client.post(route, json=ROUTES[route](text))]
    if route == "/v1/analyze":
        answers += [client.post(route, data=text, content_type=kind) for kind in ("text/plain", "text/x-python", "")]
    for answer in answers:
        assert answer.status_code == 422
        assert LINE in answer.json["detail"]
        assert answer.json["errors"][0]["line"] == line
    told = client.post("/v1/analyze", data=text, headers={"Accept": "text/plain"}).text
    assert f"line {line}" in told
    assert LINE in told


@pytest.mark.parametrize("name", TEXTS)
def test_the_command_says_how_to_export_it(tmp_path, name):
    text, line = TEXTS[name]
    (tmp_path / "net.py").write_text(text)
    budgets = tmp_path / "budgets.json"
    budgets.write_text(json.dumps({"budgets": BUDGETS}))
    asked = {
        "analyze": ["net.py"],
        "forward": ["net.py", "--seed", "7"],
        "check": ["net.py", "--max-params", "5M"],
        "diff": ["net.py", "net.py"],
    }
    for verb, arguments in asked.items():
        done = run(verb, *arguments, cwd=tmp_path)
        assert done.returncode == 2, verb
        assert LINE in done.stderr + done.stdout, verb
        assert f"line {line}" in done.stderr + done.stdout or f":{line}" in done.stderr + done.stdout, verb
