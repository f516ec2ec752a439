# Everything here needs Python 3.11 or later, make, and a package index; no root, no Docker, no Node.
# Each target is a line that you could type yourself.

UV := $(or $(shell command -v uv 2>/dev/null),.tools/uv/bin/uv)
RUN := $(UV) run --frozen
export UV_PYTHON_DOWNLOADS := never
# A process starts in a third of the time when it finds its modules compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup up demo run test check bench migration screenshots image clean
.DEFAULT_GOAL := help

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup:  ## Bring uv into the checkout if it is missing, and install the locked dependencies
	@sh deploy/local/setup.sh

up: setup  ## Run all services and a bus in one process: make up ARGS=--help
	@$(RUN) yutian up $(ARGS)

demo: setup  ## Run everything with the sandbox and issue two warnings; ARGS=--exit ends with 0 or 1
	@$(RUN) yutian demo $(ARGS)

run: setup  ## Run one service: make run SERVICE=issuer
	@$(RUN) yutian run $(SERVICE) $(ARGS)

test: setup  ## Run all tests, on real servers and in a real browser; ARGS are those of pytest
	@sh deploy/local/bring-tools.sh
	@$(RUN) pytest -n auto --reruns 1 $(ARGS)

check: setup  ## Check format, lint, types, imports, manifests, translations and that every file is ours
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) lint-imports
	@$(RUN) python -m deploy.local.manifests
	@$(RUN) python -m deploy.local.catalogues
	@$(RUN) python -m deploy.local.authority --check
	@sh deploy/local/own_files.sh

migration: setup  ## Start a house's next migration: make migration SERVICE=issuer NAME="a reason"
	@$(RUN) python -m deploy.local.migration $(SERVICE) $(if $(NAME),"$(NAME)")

bench: setup  ## Measure: make bench ARGS=sms
	@$(RUN) python -m benchmarks $(ARGS)

screenshots: setup  ## Draw the pages anew into docs/screenshots
	@sh deploy/local/bring-tools.sh
	@YUTIAN_SCREENSHOTS=docs/screenshots $(RUN) pytest -m browser $(ARGS)

image:  ## Build the container image (needs Docker or Podman): make image DOCKER=podman
	@$(or $(DOCKER),docker) build --file deploy/Dockerfile --tag yutian .

clean:  ## Remove what make and the demo left here
	@rm -rf .venv .tools var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
