"""Writes the comment of a pull request, or writes it anew where there is one. The standard library does.

Of a fork, GitHub gives a token that may not comment: the summary of the step has the text then, and nothing fails.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

PAGE = 100


def main(file: str) -> None:
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))
    number = (event.get("pull_request") or {}).get("number")
    if not isinstance(number, int):
        return
    text = Path(file)
    if not text.is_file():
        return
    head = ((event["pull_request"].get("head") or {}).get("repo") or {}).get("full_name")
    repository = os.environ["GITHUB_REPOSITORY"]
    if head != repository:
        note(f"a pull request from {head or 'a fork'} may not be commented on; the summary of this step has the text")
        return
    marker = f"<!-- layercalc check {key()} -->"
    body = f"{marker}\n{text.read_text('utf-8')}"
    try:
        mine = next((one for one in comments(repository, number) if (one["body"] or "").startswith(marker)), None)
        if mine is None:
            api("POST", f"repos/{repository}/issues/{number}/comments", {"body": body})
        elif mine["body"] != body:
            api("PATCH", f"repos/{repository}/issues/comments/{mine['id']}", {"body": body})
    except urllib.error.HTTPError as error:
        note(f"the comment was refused (HTTP {error.code}); give the job `permissions: pull-requests: write`")
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        note(f"the comment could not be written: {error}")


def key() -> str:
    """What tells the comments of several uses of the action apart."""
    return re.sub(r"[^\w./]", "_", os.path.relpath(os.environ["BUDGETS"], os.environ.get("GITHUB_WORKSPACE") or "."))


def comments(repository: str, number: int):  # type: ignore[no-untyped-def]
    for page in range(1, 31):
        found = api("GET", f"repos/{repository}/issues/{number}/comments?per_page={PAGE}&page={page}")
        yield from found
        if len(found) < PAGE:
            return


def api(method: str, path: str, body: object = None):  # type: ignore[no-untyped-def]
    url = f"{os.environ.get('GITHUB_API_URL', 'https://api.github.com')}/{path}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, method=method)
    request.add_header("Authorization", f"Bearer {os.environ['TOKEN']}")
    request.add_header("Accept", "application/vnd.github+json")
    request.add_header("Content-Type", "application/json")
    request.add_header("User-Agent", "layercalc")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def note(text: str) -> None:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::notice title=layercalc::{text}")


if __name__ == "__main__":
    main(sys.argv[1])
