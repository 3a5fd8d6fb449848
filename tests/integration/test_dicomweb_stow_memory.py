"""Bulk data of any size goes through in the memory of a few pieces: measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

MIB = 1 << 20
PART_BYTES = 300 * MIB
MEMORY_BYTES = 128 * MIB
"""More than the process has before the upload: pieces under way, and what is mapped of the pack while it is read once."""

_UPLOAD = """
import asyncio, json, resource, sys
from pathlib import Path
from dicomweb_kit.pacs import open_pacs

MIB, frames = 1 << 20, 300
document = {
    "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.7.3"]}, "00080018": {"vr": "UI", "Value": ["1.2.7.1.1"]},
    "0020000D": {"vr": "UI", "Value": ["1.2.7"]}, "0020000E": {"vr": "UI", "Value": ["1.2.7.1"]},
    "00280002": {"vr": "US", "Value": [1]}, "00280004": {"vr": "CS", "Value": ["MONOCHROME2"]},
    "00280008": {"vr": "IS", "Value": [frames]}, "00280010": {"vr": "US", "Value": [1024]}, "00280011": {"vr": "US", "Value": [1024]},
    "00280100": {"vr": "US", "Value": [8]}, "00280101": {"vr": "US", "Value": [8]}, "00280102": {"vr": "US", "Value": [7]},
    "00280103": {"vr": "US", "Value": [0]}, "7FE00010": {"vr": "OW", "BulkDataURI": "pixels"},
}
head = b"--edge\\r\\nContent-Type: application/dicom+json\\r\\n\\r\\n" + json.dumps([document]).encode()
head += b"\\r\\n--edge\\r\\nContent-Type: application/octet-stream\\r\\nContent-Location: pixels\\r\\n\\r\\n"
pieces = iter([head, *[None] * frames, b"\\r\\n--edge--"])
block = bytes(range(256)) * 4096
headers = [(b"content-type", b'multipart/related; type="application/dicom+json"; boundary=edge'), (b"host", b"127.0.0.1")]
scope = {"type": "http", "method": "POST", "path": "/dicom-web/studies", "query_string": b"", "headers": headers, "client": ("::1", 1)}
sent = []

async def receive():
    piece = next(pieces, False)
    if piece is False:
        return {"type": "http.request", "body": b"", "more_body": False}
    # A copy each time, as a server hands over what it has just read.
    return {"type": "http.request", "body": bytes(bytearray(block)) if piece is None else piece, "more_body": True}

async def send(message):
    sent.append(message)

with open_pacs(Path(sys.argv[1])) as pacs:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    asyncio.run(pacs.app(scope, receive, send))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sent[0]["status"] == 200, sent
    (held,) = pacs.reader.all_instances()
print(json.dumps({"status": sent[0]["status"], "grown": 1024 * (after - before), "bytes": held.stored.location.data_set_length_bytes}))
"""


def test_an_upload_of_300_mib_takes_little_memory(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run([sys.executable, "-c", _UPLOAD, str(tmp_path)], env=environment, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["status"] == 200
    assert told["bytes"] > PART_BYTES
    assert told["grown"] < MEMORY_BYTES, f"{told['grown'] / MIB:.0f} MiB"
