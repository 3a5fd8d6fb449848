#!/usr/bin/env bash
# What the benchmark needs beside the tests' tools: Orthanc's DICOMweb plugin and wrk, from Debian.
set -euo pipefail
missing=()
compgen -G '/usr/share/orthanc/plugins/libOrthancDicomWeb.so*' >/dev/null || missing+=(orthanc-dicomweb)
command -v wrk >/dev/null || missing+=(wrk)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then echo "The benchmark needs ${missing[*]}: sudo apt-get install --no-install-recommends ${missing[*]}" >&2; exit 1; fi
echo "Installing ${missing[*]} from Debian"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
