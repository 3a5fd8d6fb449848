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


TOLD_BEFORE_IT_HAS_BEGUN = """
import os, signal, sys
from hounsfield.app.children import end_at_once_when_told

signal.signal(signal.SIGTERM, lambda *_: None)  # of the parent, as granian has one
reading, writing = os.pipe()
process = os.fork()
if process == 0:
    os.read(reading, 1)
    end_at_once_when_told()
    os._exit(0)
os.kill(process, signal.SIGTERM)
os.write(writing, b"g")
sys.exit(0 if os.waitpid(process, 0)[1] == signal.SIGTERM else 1)
"""


def test_a_worker_that_is_told_to_end_while_it_starts_ends() -> None:
    subprocess.run([sys.executable, "-c", TOLD_BEFORE_IT_HAS_BEGUN], timeout=60, check=True)


def test_a_fork_leaves_the_signals_of_the_parent_as_they_were() -> None:
    asked = """
import os, signal, hounsfield.app.children
if os.fork() == 0:
    os._exit(0 if signal.pthread_sigmask(signal.SIG_BLOCK, ()) == {signal.SIGINT, signal.SIGTERM} else 1)
os._exit(os.wait()[1] or len(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
"""
    subprocess.run([sys.executable, "-c", asked], timeout=60, check=True)
