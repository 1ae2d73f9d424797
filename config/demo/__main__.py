"""`python -m config.demo`: run the demo until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading

from config.demo import services
from config.demo.children import die_with
from config.demo.guardian import Guardian
from config.demo.supervisor import Broken, Stopped, Supervisor
from config.demo.terminal import say


def main() -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    if "MAKELEVEL" in os.environ:  # started by make: whoever kills that means the demo
        die_with(os.getppid())
    folder = services.make_folder()
    guardian = Guardian(folder)
    supervisor = Supervisor(folder, services.environment(folder, os.environ), guardian, stop)
    try:
        supervisor.run()
    except Stopped:
        say("Stopping.")
    except Broken as failure:
        guardian.keep_folder()
        say(str(failure))
        return 1
    finally:
        supervisor.end()
        guardian.dismiss()
    return 0


if __name__ == "__main__":
    sys.exit(main())
