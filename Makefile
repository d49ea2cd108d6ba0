# make lab    install, then open the course in JupyterLab          make test      install, then run the tests
# make build  notebooks, exercises and solutions from authoring/   make lock      renew requirements.lock
# make check  say whether a derived file has drifted               make benchmarks  print every measured figure
# make site   the course as web pages, in build/site               make budgets   measure what each notebook costs
# make upgrade  the tests with the newest versions that pyproject.toml allows, in build/upgrade
# make checkpoint  train the language model that lessons 15 and 16 start from (ten minutes at most)
PYTHON ?= python3
LOCK ?= requirements.lock
BIN := .venv/bin
ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
SOURCES := pyproject.toml requirements.txt $(LOCK)

.PHONY: lab test style suite build check site budgets checkpoint lock upgrade benchmarks help
help:
	@sed -n 's/^# //p' Makefile

$(BIN)/python:
	@echo "== making .venv"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

.venv/course: $(BIN)/python $(SOURCES)
	@echo "== installing the course and its data (about 290 MB the first time)"
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt -c $(LOCK)
	@echo "== compiling the loops once"
	$(BIN)/python -m ngo_lesson.kernels
	@touch $@

.venv/tools: .venv/course
	@echo "== installing the tools of the tests"
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[data,test,cluster]' -c $(LOCK)
	@touch $@

lab: .venv/course
	@echo "== opening JupyterLab (stop it with Ctrl-C)"
	$(BIN)/jupyter lab $(ROOT) --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb

test: .venv/tools
	@$(MAKE) --no-print-directory style suite

style:
	@echo "== 1 of 4: style and types"
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/python -m mypy

suite: export OPENBLAS_NUM_THREADS = 1
suite:
	@echo "== 2 of 4: drift between authoring/ and what is built from it"
	$(BIN)/python -m authoring check
	@echo "== 3 of 4: tests of the package and the tools"
	$(BIN)/python -m pytest tests -m "not slow and not browser" -n 2 --dist loadfile
	@echo "== 4 of 4: every lesson and every solution, run and compared by nbval"
	$(BIN)/python -m pytest --nbval notebooks solutions -n 2 --dist loadfile

build: .venv/tools
	$(BIN)/python -m authoring build

check: .venv/tools
	$(BIN)/python -m authoring check

site: .venv/course
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[site]' -c $(LOCK)
	@echo "== making the pages"
	rm -rf build/site
	$(BIN)/python -m sphinx -W --keep-going -q -c docs . build/site
	@echo "== open build/site/index.html in a browser"

budgets: .venv/tools
	$(BIN)/python -m authoring measure

benchmarks: .venv/tools
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[benchmarks]' -c $(LOCK)
	$(BIN)/python -m benchmarks

checkpoint: .venv/tools
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[checkpoint]' -c $(LOCK)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m authoring.checkpoint

lock:
	$(PYTHON) -m venv --clear build/lock
	build/lock/bin/python -m pip install --disable-pip-version-check -e '.[data,test,site,cluster]'
	build/lock/bin/python -m pip freeze --exclude-editable > requirements.lock
	rm -rf build/lock

upgrade:
	@echo "== installing the newest versions that pyproject.toml allows"
	$(PYTHON) -m venv --clear build/upgrade
	build/upgrade/bin/python -m pip install --disable-pip-version-check -e '.[data,test,site,cluster]'
	@echo "== what differs: < is requirements.lock, > the newest"
	@build/upgrade/bin/python -m pip freeze --exclude-editable | diff requirements.lock - || true
	build/upgrade/bin/python -m ngo_lesson.kernels
	@$(MAKE) --no-print-directory suite style BIN=build/upgrade/bin
