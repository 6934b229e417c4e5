# Kindling: `make` shows what there is. Every target is a thin call of the tool in infra/.

SHELL       := /bin/bash
MAKEFLAGS   += --warn-undefined-variables --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# What people pass: make up env=dev, make run service=catalog, make test only=unit since=main.
env      ?=
service  ?=
name     ?=
only     ?=
template ?=
needs    ?=
calls    ?=
from     ?=
to       ?=
version  ?=
confirm  ?=
offline  ?=
since    ?=
registry ?=
bucket   ?=
id       ?=
drop     ?=
args     ?=

KINDLING := .kindling/bin/kindling

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The tool is rebuilt when its code changed; Go's build cache makes that cheap. It is built by its
# own go.mod: in the workspace the tests' newer client-go would count too.
.PHONY: tool
tool:
	@cd infra && GOWORK=off go build -o ../$(KINDLING) ./cmd/kindling

.PHONY: up
up: tool ## Bring an environment up: make up env=dev (confirm=yes when plan says that data would be lost)
	@$(KINDLING) up --env "$(env)" $(if $(confirm),--confirm "$(confirm)") $(args)

.PHONY: status
status: tool ## Show what runs: make status env=dev
	@$(KINDLING) status --env "$(env)" $(args)

.PHONY: plan
plan: tool ## Say what up would change: make plan env=dev (exit 2 when there are changes; offline=yes asks no cloud, with since=main what differs)
	@$(KINDLING) plan --env "$(env)" $(if $(offline),--offline="$(offline:yes=true)") $(if $(since),--since "$(since)") $(args)

.PHONY: logs
logs: tool ## Print what a service wrote last: make logs env=dev service=catalog (args=-f to go on)
	@$(KINDLING) logs --env "$(env)" "$(service)" $(args)

.PHONY: promote
promote: tool ## Run in one environment what runs in another: make promote from=dev to=staging (service=a,b)
	@$(KINDLING) promote --from "$(from)" --to "$(to)" $(if $(service),--service "$(service)") $(args)

.PHONY: rollback
rollback: tool ## Run what a service ran before: make rollback env=staging service=catalog (version=v1.2)
	@$(KINDLING) rollback --env "$(env)" "$(service)" $(if $(version),--version "$(version)") $(args)

.PHONY: releases
releases: tool ## Show what rollback can go back to: make releases env=staging
	@$(KINDLING) releases --env "$(env)" $(args)

.PHONY: down
down: tool ## Remove an environment, and prove that nothing is left: make down env=dev
	@$(KINDLING) down --env "$(env)" $(args)

.PHONY: supply
supply: tool ## Build all third-party parts from source, ahead of the first up
	@$(KINDLING) supply build $(args)

.PHONY: doctor
doctor: tool ## Look at this machine and say what stands in the way; with env=dev also on its ports
	@$(KINDLING) doctor $(if $(env),--env "$(env)") $(args)

.PHONY: affected
affected: tool ## List what a change touches, and why: make affected since=main
	@$(KINDLING) affected --since "$(since)" $(args)

.PHONY: secret
secret: tool ## Provide a secret of a service: make secret env=dev service=catalog name=api-key (typed, or <FILE)
	@$(KINDLING) secret set --env "$(env)" --service "$(service)" "$(name)" $(args)

.PHONY: secrets
secrets: tool ## Show which secrets services have, and which are missing: make secrets env=dev
	@$(KINDLING) secret list --env "$(env)" $(args)

.PHONY: state-init
state-init: tool ## Keep an environment's states in a bucket: make state-init env=staging bucket=s3://NAME?region=…
	@$(KINDLING) state init --env "$(env)" --bucket "$(bucket)" $(args)

.PHONY: state-show
state-show: tool ## Show where the states are and who has locked them: make state-show env=staging
	@$(KINDLING) state show --env "$(env)" $(args)

.PHONY: state-unlock
state-unlock: tool ## Remove a lock that nobody holds any more: make state-unlock env=staging id=ID
	@$(KINDLING) state unlock --env "$(env)" --id "$(id)" $(args)

.PHONY: shell
shell: ## A shell in which plain kubectl and terraform work on an environment: make shell env=dev
	@KUBECONFIG="$(CURDIR)/.kindling/$(env)/kubeconfig" TF_CLI_CONFIG_FILE="$(CURDIR)/.kindling/terraform.rc" PS1="($(env)) \w \$$ " $${SHELL:-/bin/bash} $(args)

.PHONY: new
new: tool ## Add a service: make new service=NAME needs=database calls=catalog (template=worker)
	@$(KINDLING) new service $(service) $(if $(template),--template "$(template)") $(if $(needs),--needs "$(needs)") $(if $(calls),--calls "$(calls)") $(args)

.PHONY: remove
remove: tool ## Take a service back, also what runs on this machine: make remove service=NAME (drop=yes drops its database)
	@$(KINDLING) remove service "$(service)" $(if $(env),--env "$(env)") $(if $(drop),--drop-database "$(drop)") $(args)

.PHONY: run
run: ## Run one service alone on this machine: make run service=catalog
	@test -f "services/$(service)/main.go" || { echo "there is no service \"$(service)\"; there are: $$(ls services | grep -v '\.' | grep -vx kit | xargs)" >&2; exit 2; }
	@cd "services/$(service)" && go run .

.PHONY: test
test: ## Test everything in order of cost; one stage: make test only=unit|modules|state|provider|e2e; what changed: since=main
	@./tests/run.sh "$(only)" "$(since)"

.PHONY: lint
lint: ## Lint all Go code by .golangci.yml; the first time compiles golangci-lint, for minutes
	@tests/tools/lint.sh

.PHONY: hooks
hooks: ## Let git check what is committed: format, lint, Terraform, secrets
	@.githooks/install

.PHONY: bench
bench: ## Measure the ratios of docs/benchmarks.md: make bench only="image kit"; without names, the quick ones
	@cd tests && go run ./bench $(args) $(only)

.PHONY: build
build: tool ## Build the images of services without a cluster: make build service=catalog, or since=main
	@$(KINDLING) build $(service) $(if $(since),--since "$(since)") $(args)

.PHONY: fmt
fmt: ## Format Go and Terraform
	@gofmt -l -w infra services tests
	@terraform fmt -recursive modules environments

.PHONY: docs
docs: tool ## Write docs/cli.md from the commands
	@$(KINDLING) docs >docs/cli.md.new && mv docs/cli.md.new docs/cli.md

.PHONY: release
release: tool ## Build the images of all services, push them by digest, record the release: make release registry=ghcr.io/me/shop
	@mkdir -p .kindling/ci
	@$(KINDLING) build --push "$(registry)" --record .kindling/ci/release.json $(args)

# What the pipelines need besides; each can be run by hand.
CI := cd tests && GOWORK=off go run ./ci

.PHONY: ci-stages
ci-stages: tool ## The stages of tests that a change touches, as JSON: make ci-stages since=main
	@$(CI) stages "$(since)"

.PHONY: ci-plan
ci-plan: tool ## Plan every environment offline, in one comment: .kindling/ci/plan.md; what a change changes: since=main
	@$(CI) plan $(if $(since),"$(since)")

.PHONY: ci-comment
ci-comment: ## Post what ci-plan wrote on the pull request that the pipeline is about
	@$(CI) comment

.PHONY: ci-bench
ci-bench: ## make bench, with the figures added to .kindling/ci/benchmarks.jsonl: make ci-bench only=image
	@$(CI) bench $(only)

.PHONY: ci-login
ci-login: ## Store REGISTRY_USER and REGISTRY_PASSWORD for docker's config: make ci-login registry=ghcr.io
	@$(CI) login "$(registry)"
