#!/usr/bin/env bash
# Pin every dependency with its hashes. No index address is written, so the files work against any mirror.
set -euo pipefail
cd "$(dirname "$0")/.."
compile=(.venv/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host)
"${compile[@]}" --extra build -o requirements/runtime.txt pyproject.toml
"${compile[@]}" --extra build --extra postgresql --extra dev -c requirements/runtime.txt -o requirements/dev.txt pyproject.toml
