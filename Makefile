# make run        opens the app, in an environment of its own; make run ARGS="run primes --mode threads"
# make test       checks everything: format, lint, types, import rules, tests
# make check      checks all of that but the tests, in seconds
# make test-all   runs the tests on each of CPython 3.11, 3.12, 3.13 and 3.14 that is installed
# make pictures   makes the pictures in docs/ anew, from the recordings there
# make format     rewrites the code as `make test` wants it
#
# Needs make and CPython 3.11 or newer; PYTHON=/path/to/python says which. Environments live in .venvs/, which
# belongs to make: what is in there without its stamp is made anew. A .venv/ of your own is left alone.

.PHONY: run test check pytest test-all format pictures

# The version of the Python $(1), such as 3.12; nothing where it does not run, is too old or can't make an
# environment. It is run, not looked up: pyenv puts names on PATH also for versions that are switched off.
version_of = $(shell "$(1)" -c 'import sys, ensurepip; sys.version_info >= (3, 11) and sys.stdout.write("%d.%d" % sys.version_info[:2])' 2>/dev/null)

# $(PYTHON) where it is given, else python3, else the newest that will do.
ifndef PYTHON
PYTHON := $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(if $(call version_of,$(name)),$(name))) python3)
endif
VERSION := $(call version_of,$(PYTHON))
ifeq ($(VERSION),)
$(error threadviz needs CPython 3.11 or newer with its venv module, which "$(PYTHON)" is not: install one, or say where it is with PYTHON=/path/to/python)
endif

RUN := .venvs/run-$(VERSION)
TEST := .venvs/$(VERSION)

# Stamps are written last, so that an interrupted install is not taken for a whole one. They are named after the
# folder of the checkout too, for an environment that was copied or moved points to where it was made.
HERE := $(shell pwd -P | cksum | cut -d ' ' -f 1)
INSTALL := -m pip --disable-pip-version-check --no-input --quiet install
PYTEST := $(TEST)/bin/pytest -n 4 --dist worksteal

run: $(RUN)/installed-$(HERE)
	@$(RUN)/bin/python -m threadviz $(ARGS)

RECORDED := docs/recordings
SHOT := $(RUN)/bin/python -m threadviz shot --force

pictures: $(RUN)/installed-$(HERE)
	$(SHOT) $(addprefix $(RECORDED)/fetch-,blocking.jsonl threads.jsonl processes.jsonl) --size 120x38 -o docs/compare.svg
	$(SHOT) $(RECORDED)/primes-threads.jsonl --size 120x30 -o docs/gil.svg
	$(SHOT) tests/data/exec-serve.jsonl --size 120x30 -o docs/program.svg

$(RUN)/installed-$(HERE): pyproject.toml $(RUN)/bin/python
	"$(PYTHON)" -m venv --clear $(RUN)
	$(RUN)/bin/python $(INSTALL) --editable .
	@touch $@

test: check pytest

check: $(TEST)/installed-$(HERE)
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/ruff check .
	$(TEST)/bin/mypy
	$(TEST)/bin/lint-imports

# The tests alone. Four at once on any machine: many of them wait, and many start processes of their own.
pytest: $(TEST)/installed-$(HERE)
	$(PYTEST)

test-all:
	@MAKE="$(MAKE)" .ci/test-all

format: $(TEST)/installed-$(HERE)
	$(TEST)/bin/ruff format .
	$(TEST)/bin/ruff check --fix .

# In two steps, for pyproject.toml changes more often than the pins, and its step is the quick one.
$(TEST)/installed-$(HERE): pyproject.toml $(TEST)/pins-$(HERE)
	$(TEST)/bin/python $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(TEST)/pins-$(HERE): requirements/test.txt $(TEST)/bin/python
	"$(PYTHON)" -m venv --clear $(TEST)
	$(TEST)/bin/python $(INSTALL) --requirement requirements/test.txt
	@touch $@

# Without recipes: an environment whose interpreter is gone, or newer than the stamp, counts as out of date.
$(RUN)/bin/python $(TEST)/bin/python:
