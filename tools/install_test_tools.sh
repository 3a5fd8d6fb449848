#!/usr/bin/env bash
# What the tests need beside Python packages: DCMTK, Orthanc, PostgreSQL and Chromium, from Debian; and the packages that are named.
set -euo pipefail
missing=()
command -v storescu >/dev/null || missing+=(dcmtk)
command -v Orthanc >/dev/null || missing+=(orthanc)
command -v chromium >/dev/null || missing+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v curl >/dev/null || missing+=(curl)
command -v zip >/dev/null || missing+=(zip)
command -v jq >/dev/null || missing+=(jq)
for tool in "$@"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
[ ${#missing[@]} -eq 0 ] && exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n)
  else echo "The tests need ${missing[*]}. Please run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2; exit 1; fi
fi
command -v apt-get >/dev/null || { echo "The tests need ${missing[*]}, and this is no Debian: install them with your package manager." >&2; exit 1; }
echo "Installing ${missing[*]} from Debian"
"${as_root[@]}" apt-get update -qq
# Debian starts a packaged server at once; the tests start their own on free ports, so the packaged ones are not wanted.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap '"${as_root[@]}" rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee /usr/sbin/policy-rc.d >/dev/null
  "${as_root[@]}" chmod +x /usr/sbin/policy-rc.d
fi
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
