"""The process of a cell, ``python -m zabcheck.gate.process PIPE COMMAND...``: it ends with the gate, however that ends.

The gate holds the other end of the pipe and writes nothing to it. When the gate is gone, even by SIGKILL, the system
closes that end.
"""

from __future__ import annotations

import os
import sys
import threading

from zabcheck.cli.main import main


def _end_with(pipe: int) -> None:
    os.read(pipe, 1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    raise SystemExit(main(sys.argv[2:]))
