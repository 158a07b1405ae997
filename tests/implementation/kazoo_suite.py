"""kazoo's own tests, against three of our servers in place of the ZooKeeper that they start.

    .venv-dev/bin/pip install "kazoo[test]==2.11.0" "pyOpenSSL<24.3"
    .venv-dev/bin/python -m tests.implementation.kazoo_suite

docs/server.md lists those that fail, and why. Arguments go to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from types import SimpleNamespace
from typing import Any

import pytest
from kazoo.testing import common

LIKE = "3.8.0"
"""Which release kazoo takes the servers for."""


def start(args: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start our server with the configuration that was written for ZooKeeper's."""
    return subprocess.Popen([sys.executable, "-m", "zabcheck", "server", args[-1]], **options)


def main() -> int:
    """Run them; the exit status is pytest's."""
    os.environ.update(ZOOKEEPER_VERSION=LIKE, ZOOKEEPER_PATH="unused")
    common.subprocess = SimpleNamespace(Popen=start)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # away from our own settings of pytest
        return pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:], "--pyargs", "kazoo.tests"])


if __name__ == "__main__":
    sys.exit(main())
