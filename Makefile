# Everything the sandbox makes is under .sandbox/ (or the folder that ASKPROAI_SANDBOX names).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# To compile every module in each process takes longer than most of the tests.
unexport PYTHONDONTWRITEBYTECODE
BOOTSTRAP ?= python3
HOME_FOLDER := $(or $(ASKPROAI_SANDBOX),.sandbox)
BIN := $(HOME_FOLDER)/venv/bin
PYTHON := $(BIN)/python
# Stacks that `make sandbox` brings up; without it the edge and the regions behind it.
STACKS ?=
TESTS ?=
# Those of tests/conftest.py in parallel, for most of their time they wait for the provider; one more for the rest.
STORIES := 6
DRILL ?=
# Which hosts `make boot` boots one of: web or workers.
ROLE ?= web

.PHONY: help
help: ## List the commands
	@echo "AskProAI platform. Start with: make sandbox"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: # The virtual environment only
	@$(BOOTSTRAP) -m sandbox.toolchain.set_up --only venv

.PHONY: set-up
set-up: ## Install engine, plugins and Python packages; `make sandbox` and `make test` do so themselves
	@$(BOOTSTRAP) -m sandbox.toolchain.set_up

.PHONY: sandbox
sandbox: set-up ## Bring the platform up on this machine: real engine, emulated clouds; STACKS="..." brings up others
	@$(PYTHON) -m sandbox up $(addprefix --stack ,$(STACKS))

.PHONY: sandbox-down
sandbox-down: venv ## Stop everything the sandbox runs
	@$(PYTHON) -m sandbox down

.PHONY: sandbox-status
sandbox-status: venv ## Show what is up and where
	@$(PYTHON) -m sandbox status

.PHONY: sandbox-shell
sandbox-shell: venv ## A shell in which pulumi, the AWS CLI and boto3 work on the sandbox
	@$(PYTHON) -m sandbox shell

.PHONY: sandbox-env
sandbox-env: ## The same for the shell you are in: eval "$(make -s sandbox-env)"
	@$(BOOTSTRAP) -m sandbox.toolchain.set_up --only venv >&2
	@$(PYTHON) -m sandbox env

.PHONY: boot
boot: venv ## Boot an instance that prod declares in a sandbox that is up; ROLE=workers for a worker; needs root
	@$(PYTHON) -m sandbox boot --role $(ROLE)

.PHONY: drill
drill: sandbox ## Lose a region on this machine, fail over, fail back; DRILL="..." is passed to `ops dr drill`
	@$(PYTHON) -m sandbox shell -- python -m ops dr drill --report reports $(DRILL)

.PHONY: policies
policies: venv ## Ask the policy pack about all stacks of a sandbox that is up
	@$(PYTHON) -m sandbox shell -- python -m policies.check

.PHONY: examples
examples: venv ## Write docs/examples/ anew: what `ops preview` says of sample changes, on a sandbox that is up
	@$(PYTHON) -m tools.samples

.PHONY: policies-page
policies-page: venv ## Write docs/policies.md anew from the rules
	@$(PYTHON) -m policies.page

.PHONY: alerts
alerts: venv ## Write docs/alerts/README.md anew from the catalogue of alerts
	@$(PYTHON) -m monitoring.alerts.index

.PHONY: dashboards
dashboards: venv ## Write monitoring/dashboards/rendered/ anew from the data, with Grafana's SDK
	@$(PYTHON) -m tools.dashboards files

.PHONY: dashboards-page
dashboards-page: venv ## Draw each panel from what Debian's Prometheus answers, as reports/dashboards.html; needs root
	@$(PYTHON) -m tools.dashboards page

.PHONY: linters
linters: # The virtual environment, and the linter of workflows that is in no wheel
	@$(BOOTSTRAP) -m sandbox.toolchain.set_up --only linters

.PHONY: lint
lint: linters # Format, lint, strict types and workflows
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyrefly check --python-interpreter-path $(PYTHON)
	@$(PYTHON) -m tools.workflows.lint

.PHONY: check
check: lint ## Format, lint, strict types, workflows and unit tests: the quick loop
	@$(MAKE) --jobs 2 --output-sync=target quick-made-once quick-others quick-policies

.PHONY: unit
unit: venv # The unit tests alone
	@$(MAKE) --jobs 2 --output-sync=target quick-made-once quick-others

# What tests write is soon forgotten: in memory it takes a tenth less time. Of a choice by TESTS, a part may have none (5).
quick-%: export TMPDIR := $(firstword $(wildcard /dev/shm) $(TMPDIR) /tmp)
quick-%:
	@$(PYTHON) -m pytest --quiet $(if $(filter policies,$*),tests/policies,tests/unit --half $*) $(TESTS) \
	  || [[ $$? == 5 && -n "$(TESTS)" ]]

.PHONY: hooks
hooks: venv ## Let git run `make check` before every commit
	@$(BIN)/pre-commit install

.PHONY: test
test: set-up lint ## Every check and test, with the real engine on a sandbox; TESTS="..." is passed to pytest
	@$(PYTHON) -m pytest --numprocesses $(STORIES) --dist loadscope --no-loadscope-reorder $(TESTS)

.PHONY: bench
bench: set-up ## Time of a preview against a flat program and terraform
	@$(PYTHON) -m tools.bench

.PHONY: format
format: venv ## Format the code, and fix what lint can fix
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: runbooks
runbooks: venv ## Generate docs/runbooks/ from the commands
	@$(PYTHON) -m ops.runbooks

.PHONY: settings
settings: venv ## Write docs/settings.md anew from the settings
	@$(PYTHON) -m settings.reference

.PHONY: shapes
shapes: set-up ## Generate the tables that the sandbox's plugins read, after a change of tokens.yaml or of an SDK
	@SANDBOX_BRIDGE=$(HOME_FOLDER)/engine/pulumi-resource-terraform-provider \
	  SANDBOX_TERRAFORM_PROVIDER=$(HOME_FOLDER)/engine/terraform-provider-aws \
	  $(PYTHON) -m sandbox.plugins.aws.generate
	@$(PYTHON) -m sandbox.cloudflare.generate
	@$(PYTHON) -m sandbox.plugins.cloudflare.generate

.PHONY: requirements
requirements: venv ### Lock the packages of the .in files
	@lock() { $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command "make requirements" "$$@"; }; \
	lock requirements.in -o requirements.txt; \
	lock requirements-dev.in -c requirements.txt -o requirements-dev.txt; \
	lock sandbox/toolchain/requirements-go.in -o sandbox/toolchain/requirements-go.txt
