"""Programs that others generate from the specification: nothing is missing in them, and their calls are answered."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import running

ROOT = Path(__file__).parents[3]
SPECIFICATION = ROOT / "openapi.yaml"
UNSUPPORTED = "Unsupported content type text/plain"  # of openapi-python-client: code is no body that it can send


@pytest.fixture(scope="module")
def service():
    with running(workers=1) as found:
        yield found


def python(*arguments, cwd):
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


CALL = """
import sys
from generated import Client
from generated.api.models import analyze, check, forward
from generated.models import CheckEnvelope, ForwardEnvelope, Report, Stack
client = Client(base_url=sys.argv[1])
tiny = Stack.from_dict({"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]})
answer = analyze.sync(client=client, body=tiny)
assert isinstance(answer, Report), answer
verdict = check.sync(client=client, body=CheckEnvelope.from_dict({"model": tiny.to_dict(), "budgets": [{"metric": "params", "max": 36}]}))
ran = forward.sync(client=client, body=ForwardEnvelope.from_dict({"model": tiny.to_dict(), "inputs": {"seed": 1}}))
print(answer.totals.params, verdict.passed, ran.verified)
"""


def test_openapi_python_client(service, tmp_path):
    (tmp_path / "config.yaml").write_text("post_hooks: []\n")
    made = python(
        *("-m", "openapi_python_client", "generate", "--path", SPECIFICATION, "--config", "config.yaml"),
        *("--meta", "none", "--output-path", "generated"),
        cwd=tmp_path,
    )
    assert "Unable to" not in made
    assert made.count("WARNING") == made.count(UNSUPPORTED) <= 3, made
    names = {path.stem for path in (tmp_path / "generated" / "api").rglob("*.py")}
    assert {"analyze", "forward", "check", "diff", "infer", "layers", "layer"} <= names
    assert python("-c", CALL, f"http://127.0.0.1:{service.port}", cwd=tmp_path) == "36 True True\n"


MODELS = """
import sys, urllib.request
from generated import Report, Stack
tiny = Stack.model_validate({"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]})
body = tiny.model_dump_json(exclude_unset=True).encode()
with urllib.request.urlopen(sys.argv[1] + "/v1/analyze", body, timeout=60) as answer:
    print(Report.model_validate_json(answer.read()).totals.params)
"""


def test_datamodel_codegen(service, tmp_path):
    python(
        *("-W", "ignore", "-m", "datamodel_code_generator", "--input", SPECIFICATION, "--input-file-type", "openapi"),
        *("--output", "generated.py", "--output-model-type", "pydantic_v2.BaseModel"),
        cwd=tmp_path,
    )
    assert python("-c", MODELS, f"http://127.0.0.1:{service.port}", cwd=tmp_path) == "36\n"
