#!/usr/bin/env bash
# install.sh PYTHON VENV LOCK: make the environment and install exactly what the hash lock names.
# uv does it in a quarter of pip's time; where uv cannot be had, pip does the same from the same lock.
set -euo pipefail
python=$1 venv=$2 lock=$3
here=$(cd "$(dirname "$0")" && pwd)
began=$SECONDS

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
  { echo "Vitrine needs Python 3.11, 3.12 or 3.13; set PYTHON=/path/to/python3.x" >&2; exit 2; }
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
py=$venv/bin/python

# uv does not read pip's configuration: hand a mirror that the user has set for pip on to it.
mirror=$("$py" -m pip config get global.index-url 2>/dev/null || true)
mirror=${PIP_INDEX_URL:-$mirror}
[ -z "$mirror" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$mirror}"

if "$py" -m pip install --quiet --require-hashes -r "$here/uv.txt" && "$py" -m uv --version; then
  "$py" -m uv pip sync --quiet --require-hashes --python "$py" "$lock"
  "$py" -m uv --version >/dev/null 2>&1 || true
else
  echo "uv is not to be had here; pip takes about five minutes instead of one" >&2
  "$py" -m pip install --quiet --require-hashes -r "$lock"
fi
echo "environment: $((SECONDS - began)) s"

# uv leaves no bytecode behind: one import of what the server and the worker use writes it, once, instead of at
# every start (10 s instead of 29 s). Some machines forbid bytecode by a variable, hence the `env -u`.
began=$SECONDS
env -u PYTHONDONTWRITEBYTECODE "$py" - <<'PY'
import importlib

for name in (
    "streamlit.web.cli streamlit.web.bootstrap streamlit.testing.v1 streamlit.starlette uvicorn starlette.routing "
    "numpy scipy.stats pandas plotly.graph_objects plotly.express PIL.Image pydicom sqlalchemy.orm alembic.command "
    "torch torch._dynamo torchvision timm captum.attr sklearn.metrics safetensors.torch huggingface_hub httpx typer"
).split():
    importlib.import_module(name)
PY
echo "warm import: $((SECONDS - began)) s"
