# Everything the sandbox makes is under .sandbox/ (or the folder that ASKPROAI_SANDBOX names).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Compiling every module in each process would take longer than most tests.
unexport PYTHONDONTWRITEBYTECODE
BOOTSTRAP ?= python3
HOME_FOLDER := $(or $(ASKPROAI_SANDBOX),.sandbox)
BIN := $(HOME_FOLDER)/venv/bin
PYTHON := $(BIN)/python
# Stacks that `make sandbox` brings up; default: the edge and the regions behind it.
STACKS ?=
TESTS ?=
# One process for each story of tests/conftest.py, which mostly wait for the provider, and one for the rest.
STORIES := 6
DRILL ?=
# The role of the host that `make boot` boots: web or workers.
ROLE ?= web

.PHONY: help
help: ## List the commands
	@echo "AskProAI platform. Start with: make sandbox"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: # The virtual environment only
	@$(BOOTSTRAP) -m sandbox.toolchain.set_up --only venv

.PHONY: set-up
set-up: ## Install engine, plugins and Python packages; `make sandbox` and `make test` do this too
	@$(BOOTSTRAP) -m sandbox.toolchain.set_up

.PHONY: sandbox
sandbox: set-up ## Bring up the platform on this machine: real engine, emulated clouds; STACKS="..." for other stacks
	@$(PYTHON) -m sandbox up $(addprefix --stack ,$(STACKS))

.PHONY: sandbox-down
sandbox-down: venv ## Stop the sandbox
	@$(PYTHON) -m sandbox down

.PHONY: sandbox-status
sandbox-status: venv ## Show what is up and where
	@$(PYTHON) -m sandbox status

.PHONY: sandbox-shell
sandbox-shell: venv ## Open a shell in which pulumi, ops, the AWS CLI and boto3 use the sandbox
	@$(PYTHON) -m sandbox shell

.PHONY: sandbox-env
sandbox-env: ## The same for your current shell: eval "$(make -s sandbox-env)"
	@$(BOOTSTRAP) -m sandbox.toolchain.set_up --only venv >&2
	@$(PYTHON) -m sandbox env

.PHONY: boot
boot: venv ## Boot a web host that prod declares, in a running sandbox; ROLE=workers for a worker; needs root
	@$(PYTHON) -m sandbox boot --role $(ROLE)

.PHONY: drill
drill: sandbox ## Lose a region of the sandbox, fail over, fail back; DRILL="..." is passed to `ops dr drill`
	@$(PYTHON) -m sandbox shell -- python -m ops dr drill --report reports $(DRILL)

.PHONY: policies
policies: venv ## Check all stacks of a running sandbox with the policy pack
	@$(PYTHON) -m sandbox shell -- python -m policies.check

.PHONY: examples
examples: venv ## Generate docs/examples/: the comments of `ops preview` on sample changes; needs a running sandbox
	@$(PYTHON) -m tools.samples

.PHONY: policies-page
policies-page: venv ## Generate docs/policies.md from the policies
	@$(PYTHON) -m policies.page

.PHONY: alerts
alerts: venv ## Generate docs/alerts/README.md from the catalogue of alerts
	@$(PYTHON) -m monitoring.alerts.index

.PHONY: dashboards
dashboards: venv ## Generate monitoring/dashboards/rendered/ from the dashboards, with Grafana's SDK
	@$(PYTHON) -m tools.dashboards files

.PHONY: dashboards-page
dashboards-page: venv ## Draw each panel with data from Debian's Prometheus, as reports/dashboards.html; needs root
	@$(PYTHON) -m tools.dashboards page

.PHONY: linters
linters: # The virtual environment, and the workflow linter, which is in no wheel
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

# Temporary files in memory save a tenth of the time. With TESTS, a part may have no test (exit code 5).
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
bench: set-up ## Benchmark a preview against a flat program and terraform
	@$(PYTHON) -m tools.bench

.PHONY: format
format: venv ## Format the code, and fix what lint can fix
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: runbooks
runbooks: venv ## Generate docs/runbooks/ from the commands
	@$(PYTHON) -m ops.runbooks

.PHONY: settings
settings: venv ## Generate docs/settings.md from the settings
	@$(PYTHON) -m settings.reference

.PHONY: shapes
shapes: set-up ## Generate the tables of the sandbox's plugins, after a change of tokens.yaml or an SDK
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
