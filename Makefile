PYTHON ?= python3
SCOPE ?= --servers 3 --timeouts 1 --transactions 2 --epochs 3 --restarts 1 --ghosts 1
ARGS ?=

# .venv holds an ordinary installation, as a user has it; .venv-dev an editable one with the tools.
PIP := -m pip --disable-pip-version-check -q install
DEV := .venv-dev/bin/python
SOURCES := $(shell find -L src -name '*.py' -o -name '*.[ch]' -o -name '*.json' -o -name '*.html' -o -name '*.css' -o -name '*.js') pyproject.toml setup.py MANIFEST.in
CORE_SOURCES := $(wildcard checker/engine/*.[ch]) pyproject.toml setup.py

.PHONY: check test lint sanitize sanitize-address sanitize-thread bench clean
.NOTPARALLEL:

check: .venv/installed  ## the main job: every state of ZAB within SCOPE
	@.venv/bin/zabcheck check zab $(SCOPE)

test: .venv-dev/installed
	$(DEV) -m pytest $(ARGS)

lint: .venv-dev/installed
	$(DEV) -m ruff check
	$(DEV) -m ruff format --check
	$(DEV) -m mypy

# Without --capture=sys pytest would keep the report of a sanitizer to itself.
sanitize: sanitize-address sanitize-thread

sanitize-address: FLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-wrapv
sanitize-address: RUN = LD_PRELOAD=$$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc
sanitize-thread: FLAGS = -fsanitize=thread
sanitize-thread: RUN = $(FIXED_ADDRESSES) LD_PRELOAD=$$(gcc -print-file-name=libtsan.so)

# The thread sanitizer of older compilers stops at the address randomisation of newer kernels.
FIXED_ADDRESSES = $$(setarch -R true 2>/dev/null && echo setarch -R) env

sanitize-address sanitize-thread: sanitize-%: .venv-dev/installed
	rm -rf build .sanitize/$*
	CC=gcc ZABCHECK_CORE=required ZABCHECK_CFLAGS="-g -O1 -fno-omit-frame-pointer $(FLAGS)" \
		$(DEV) $(PIP) --no-deps --target .sanitize/$* .
	$(RUN) PYTHONPATH=.sanitize/$* $(DEV) -m pytest -m 'not slow' -o pythonpath= --capture=sys tests/checker/test_native.py tests/checker/test_liveness.py

bench: .venv/installed
	for script in benchmarks/[!_]*.py; do .venv/bin/python $$script || exit 1; done

clean:
	rm -rf .venv .venv-dev .sanitize build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf src/*.egg-info checker/_core*.so
	find . -name __pycache__ -prune -exec rm -rf {} +

# A left-over build/ would put deleted modules, or an older core, into the installation.
.venv/installed: $(SOURCES)
	$(PYTHON) -m venv .venv
	rm -rf build
	.venv/bin/python $(PIP) .
	@touch $@

.venv-dev/installed: $(CORE_SOURCES)
	$(PYTHON) -m venv .venv-dev
	ZABCHECK_CORE=required $(DEV) $(PIP) -e .[dev]
	@touch $@
