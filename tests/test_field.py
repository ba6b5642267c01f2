"""What real documents did to us, rewritten small: each is answered right."""

import json
from pathlib import Path

import pytest

from tests.command import run

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "data/field/cases.json").read_text())}


def sent(client, case):
    """The answer to a case over HTTP, as its author would post it."""
    if "form" in case:
        query = f"?input_shape={case['input_shape']}" if "input_shape" in case else ""
        return client.post(f"/v1/analyze{query}", data=case["document"], content_type="text/plain")
    query = f"?{case['query']}" if "query" in case else ""
    request = case["request"]
    if isinstance(request, str):
        return client.post(case["route"] + query, data=request, content_type="text/plain")
    return client.post(case["route"] + query, json=request)


def at(answer, path):
    for token in path.split("."):
        answer = answer[int(token)] if isinstance(answer, list) else answer[token]
    return answer


def wrong(answer, expect):
    """What of an answer is not as the case expects."""
    body, status = answer.get_json(), answer.status_code
    told = json.dumps(body, ensure_ascii=False)
    if "error" in expect:
        details = " ".join(error["detail"] for error in body.get("errors", []))
        return [] if status == 422 and expect["mentions"] in details else [told]
    if "status" in expect and status != expect["status"]:
        return [f"status {status}"]
    if "warns" in expect:
        return [] if status == 200 and any(expect["mentions"] in one["detail"] for one in body["warnings"]) else [told]
    if "status" not in expect and status != 200:
        return [f"status {status}"]
    found = []
    if "params" in expect and body["totals"]["params"] != expect["params"]:
        found.append(f"params {body['totals']['params']}")
    if "output_shape" in expect and expect["output_shape"] not in [one["shape"] for one in body["outputs"]]:
        found.append(f"outputs {body['outputs']}")
    if "detail_contains" in expect and expect["detail_contains"] not in told:
        found.append(told)
    if "content_type" in expect and not answer.content_type.startswith(expect["content_type"]):
        found.append(answer.content_type)
    special = {"params", "output_shape", "status", "detail_contains", "content_type"}
    for path, value in expect.items():
        if path not in special and at(body, path) != value:
            found.append(f"{path} {at(body, path)}")
    return found


@pytest.mark.parametrize(
    "case", [one for one in CASES.values() if one.get("route") != "cli"], ids=lambda case: case["id"]
)
def test_a_case_of_the_field_is_answered_right(client, case):
    assert not wrong(sent(client, case), case["expect"])


@pytest.mark.parametrize(
    "case", [one for one in CASES.values() if one.get("route") == "cli"], ids=lambda case: case["id"]
)
def test_a_case_of_the_command_line(case, tmp_path):
    for name, text in case["request"]["files"].items():
        (tmp_path / name).write_text(text)
    ended = run(*case["request"]["argv"], cwd=tmp_path)
    assert ended.returncode != case["expect"]["rc_not"]
    assert "line 2" in ended.stderr or '"actual": 3302080' in ended.stdout
