"""The C core; everything else about the distribution is in pyproject.toml.

The core is optional: where it cannot be compiled, the installation succeeds and the interpreted engine
does the work.

`ZABCHECK_CFLAGS`  flags added to compiling and linking, for example `-fsanitize=thread`
`ZABCHECK_CORE`    `required` turns a failed compilation into a failed installation
"""

import os
import shlex
from pathlib import Path

from setuptools import Extension, setup

engine = Path("checker/engine")
extra_flags = shlex.split(os.environ.get("ZABCHECK_CFLAGS", ""))

core = Extension(
    "zabcheck.checker._core",
    sources=sorted(str(path) for path in engine.glob("*.c")),
    depends=sorted(str(path) for path in engine.glob("*.h")),
    extra_compile_args=["-O3", "-std=c11", "-fvisibility=hidden", "-pthread", *extra_flags],
    extra_link_args=["-pthread", *extra_flags],
    optional=os.environ.get("ZABCHECK_CORE") != "required",
)

setup(ext_modules=[core])
