#!/usr/bin/env bash
# Checks the budgets: annotations to the log, the summary of the step, and the verdicts in $RUNNER_TEMP.
# Its own exit code is 0, so that the comment is written whatever the verdict; the last step gives the verdict's.
set -uo pipefail

arguments=(--budgets "$BUDGETS" --format github --allow-new)
for kind in json=layercalc.json markdown=layercalc.md sarif=layercalc.sarif junit=layercalc.xml; do
  arguments+=(--output "${kind%%=*}=$RUNNER_TEMP/${kind#*=}")
done

# a shallow clone, which actions/checkout makes, has no other commit than its own
if [[ -z $BASELINE && -n $BASE && ! $BASE =~ ^0+$ ]]; then
  git cat-file -e "$BASE^{commit}" 2>/dev/null || git fetch --quiet --no-tags --depth=1 origin "$BASE" 2>/dev/null || true
  if git cat-file -e "$BASE^{commit}" 2>/dev/null; then
    arguments+=(--baseline-git "$BASE")
  else
    echo "::warning title=layercalc::Commit $BASE cannot be fetched; there is nothing to compare with."
  fi
elif [[ -n $BASELINE && $BASELINE != none ]]; then
  if ! git rev-parse --verify --quiet "$BASELINE^{commit}" >/dev/null &&
    git fetch --quiet --no-tags --depth=1 -- origin "${BASELINE#origin/}" 2>/dev/null; then
    BASELINE=$(git rev-parse FETCH_HEAD)
  fi
  arguments+=(--baseline-git "$BASELINE")
fi

models=()
shopt -s nullglob globstar
while IFS= read -r line; do
  line=${line#"${line%%[![:space:]]*}"}
  line=${line%"${line##*[![:space:]]}"}
  [[ -z $line ]] && continue
  IFS='' files=($line)  # a glob is expanded; one that matches nothing stays, for layercalc to say so
  models+=("${files[@]:-$line}")
done <<<"$MODELS"

# -P: a layercalc.py (or numpy.py) in the repository that is checked is not this one
"$RUNNER_TEMP/layercalc/bin/python" -P -m layercalc check "${arguments[@]}" -- "${models[@]}"
code=$?
{
  echo "code=$code"
  echo "passed=$([[ $code == 0 ]] && echo true || echo false)"
  echo "report=$RUNNER_TEMP/layercalc.json"
} >>"$GITHUB_OUTPUT"
