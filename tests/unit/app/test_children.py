"""Starting processes while others are forked, as granian forks its workers; and ending them."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os, signal, sys, threading
from hounsfield.app import children

children.sys.executable = sys.argv[1]
ended = threading.Event()

def start() -> None:
    for _ in range(20):
        child = children.Child("no_such")  # ends at once, which is what `start` is told
        try:
            child.start(30.0)
        except children.ConfigurationError:
            pass
    ended.set()

threading.Thread(target=start, daemon=True).start()
forked = []
while not ended.wait(0.001) and len(forked) < 200:
    process = os.fork()
    if process == 0:
        signal.pause()
    forked.append(process)
ended.wait(20)
for process in forked:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
sys.stdout.write(f"{ended.is_set()} {len(forked) > 2}")
sys.stdout.flush()
os._exit(0)
"""


def test_a_process_forked_while_another_is_started_holds_nothing_up() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT, "/bin/false"], capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout == "True True", ran.stderr


TOLD_IN_THE_MIDDLE = """
import os, signal, sys, threading
from hounsfield.app.children import end_when_told

stop = threading.Event()
end_when_told(stop)
with stop._cond:  # as `stop.wait` holds it for a moment
    os.kill(os.getpid(), signal.SIGTERM)
sys.exit(0 if stop.wait(30) else 1)
"""


def test_a_process_that_is_told_to_end_while_it_begins_to_wait_ends() -> None:
    subprocess.run([sys.executable, "-c", TOLD_IN_THE_MIDDLE], timeout=60, check=True)
