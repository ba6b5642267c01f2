#!/bin/sh
# install.sh FOLDER: a virtual environment in FOLDER in which `python -m layercalc` is this checkout, as it stands.
# No package index is asked for layercalc, a name that is not ours there; nothing is built; what it needs is downloaded
# in the versions, and with the hashes, of deploy/requirements.txt.
set -eu
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "layercalc needs Python 3.11 or later, and python3 is $(python3 --version)." >&2
  exit 1
fi
export PYTHONSAFEPATH=1 # a pip.py in the repository that is checked is not pip
root=$(cd "$(dirname "$0")/../.." && pwd -P)
python=$1/bin/python
python3 -m venv --clear "$1"
"$python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$root/deploy/requirements.txt"
echo "$root/service" > "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/layercalc.pth"
