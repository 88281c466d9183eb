# The two commands that set everything up: `make demo` and `make test`.
SHELL := /bin/sh
BIN := .venv/bin
# On a busy machine two threads are slower than one; the demo and the benchmarks take all cores.
test test-fast lint soak: export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast lint format bench soak pictures cards clean setup setup-test

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

demo: setup ## set up, run the main job on the bundled film, print its score
	@$(BIN)/python packaging/demo.py

test: lint ## set up, then linters, type checks, layer contracts and all tests
	@$(BIN)/python -m pytest -q -n 2

test-fast: setup-test ## the tests that take no time
	@$(BIN)/python -m pytest -q -n 2 -m "not slow"

lint: setup-test ## linters, type checks and layer contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

format: setup-test ## put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup-test ## speed and memory figures
	@$(BIN)/python -m pytest -q -s --timeout 0 -o python_files='bench_*.py' -o pythonpath=tests/benchmarks tests/benchmarks

soak: setup-test ## crashes by the hundred, all or SOAK=kills|disk|hostile|window
	@VOSAPP_SOAK=1 $(BIN)/python -m pytest -q --timeout 0 --durations=5 tests/soak

pictures: setup ## make the README's pictures of the window anew
	@$(BIN)/python packaging/pictures.py

cards: setup ## make the cards of the bundled weights anew
	@$(BIN)/python packaging/cards.py

clean: ## remove caches and the demo's results; keeps .venv
	@rm -rf demo-out build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

setup:
	@packaging/setup.sh run

setup-test:
	@packaging/setup.sh test
