#!/usr/bin/env bash
# What the tests need beside Python packages: DCMTK, PostgreSQL and Chromium, from Debian.
set -euo pipefail
missing=()
command -v storescu >/dev/null || missing+=(dcmtk)
command -v chromium >/dev/null || missing+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v curl >/dev/null || missing+=(curl)
command -v zip >/dev/null || missing+=(zip)
[ ${#missing[@]} -eq 0 ] && exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n)
  else echo "The tests need ${missing[*]}. Please run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2; exit 1; fi
fi
command -v apt-get >/dev/null || { echo "The tests need ${missing[*]}, and this is no Debian: install them with your package manager." >&2; exit 1; }
echo "Installing ${missing[*]} from Debian"
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
