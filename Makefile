# Two commands are enough: `make demo` and `make test`. Each sets up .venv on first use, from
# nothing but Python 3.11+ and make; later runs find it ready and start at once.
#
# Set-up messages go to standard error, so `make demo ARGS=--json | ...` stays clean.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Another Python: make test PYTHON=python3.13
PYTHON ?=
# Passed to the program or to pytest: make demo ARGS="--duration 60 --json"
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EXTRAS := embedded,dev
PYTHONS = $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)
IS_SUPPORTED := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(READY) ## play the story on an embedded broker: make demo ARGS="--duration 60 --json"
	@exec $(BIN)/kpistream demo $(ARGS)

.PHONY: test
test: $(READY) ## the fast tests: no broker, no network
	@$(BIN)/pytest $(ARGS)

.PHONY: test-kafka
test-kafka: $(READY) ## the pipeline on a real Apache Kafka (needs Java 17 and Maven)
	@$(BIN)/pytest -m kafka $(ARGS)

.PHONY: check
check: $(READY) ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: bench
bench: $(READY) ## events per second, beside a naive agent and a bare loop (needs Java 17 and Maven)
	@exec $(BIN)/python -m bench $(ARGS)

.PHONY: quality
quality: $(READY) ## how false and how late alerts are, by simulation: writes docs/alert-quality.md
	@exec $(BIN)/python -m bench.alert_quality $(ARGS)

.PHONY: format
format: $(READY) ## put the code into ruff's format
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

.PHONY: grafana
grafana: $(READY) ## write the dashboards anew
	@$(BIN)/kpistream generate --to grafana/dashboards

.PHONY: docs
docs: $(READY) ## write the generated pages anew
	@$(BIN)/python -m kpistream.cli.pages.contract_page
	@$(call page,kpistream.cli.pages.kpis_page,docs/kpis.md)
	@$(call page,kpistream.cli.pages.settings_page,docs/settings.md)
	@$(call page,kpistream.edges.metrics.table,docs/metrics.md)
	@$(call page,kpistream.edges.web.openapi,docs/openapi.json)

.PHONY: constraints
constraints: ## write constraints.txt anew, with the newest versions that pyproject.toml allows
	@set -eu; $(find-python); \
	scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	"$$python" -m venv "$$scratch/venv"; \
	"$$scratch/venv/bin/pip" install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'; \
	{ sed -n '/^#/p' constraints.txt; \
	  "$$scratch/venv/bin/pip" freeze --disable-pip-version-check --exclude kpistream; \
	} > "$$scratch/constraints.txt"; \
	cp "$$scratch/constraints.txt" constraints.txt

.PHONY: clean
clean: ## remove the environment and everything that was built or cached
	@rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call page,MODULE,FILE): the file as the module writes it; as it was, if that fails.
page = $(BIN)/python -m $(1) > $(2).new && mv $(2).new $(2) || { rm -f $(2).new; exit 1; }

# The shell lines that set $python to the first usable Python, or say what is missing.
define find-python
python=; \
for candidate in $(PYTHONS); do \
  if "$$candidate" -c '$(IS_SUPPORTED)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
  echo "kpistream needs Python 3.11 to 3.14 with the venv module; looked for: $(PYTHONS)" >&2; \
  echo "Install it (Debian: apt install python3 python3-venv), or say where it is:" >&2; \
  echo "  make PYTHON=/path/to/python3.12 ..." >&2; \
  exit 1; \
fi
endef

$(READY): pyproject.toml constraints.txt
	@set -eu; $(find-python); \
	if ! $(BIN)/python -c '$(IS_SUPPORTED)' >/dev/null 2>&1; then \
	  echo "setting up $(VENV) with $$("$$python" --version) ..." >&2; \
	  "$$python" -m venv --clear $(VENV) >&2; \
	fi; \
	echo "installing kpistream and what it needs (a minute, the first time) ..." >&2; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[$(EXTRAS)]' >&2; \
	touch $@; \
	echo "ready." >&2
