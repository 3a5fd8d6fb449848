#!/usr/bin/env bash
# What the benchmark needs beside the tests' tools: Orthanc with its DICOMweb plugin, and wrk, from Debian.
set -euo pipefail
missing=()
command -v Orthanc >/dev/null || missing+=(orthanc)
compgen -G '/usr/share/orthanc/plugins/libOrthancDicomWeb.so*' >/dev/null || missing+=(orthanc-dicomweb)
command -v wrk >/dev/null || missing+=(wrk)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then echo "The benchmark needs ${missing[*]}: sudo apt-get install --no-install-recommends ${missing[*]}" >&2; exit 1; fi
echo "Installing ${missing[*]} from Debian"
apt-get update -qq
# Debian starts a packaged server at once; ours listens on ports of its own, so the packaged one is not wanted.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
fi
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
