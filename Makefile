# Stoa. `make run` starts a node, `make test` runs every test; both set up what they need.

SHELL    := /bin/bash
GO       ?= go
FUZZTIME ?= 5m
KILLS    ?= 1000
ROUNDS   ?= 20
DATA     ?= data
export CGO_ENABLED ?= 0
export GOFLAGS ?= -buildvcs=false

WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts reason/sentences.json -type f 2>/dev/null)
WEB_MODULES := web/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help run demo test unit e2e race fuzz lint build web image deployments faults bench first-visit soak mutants types clean

help: ## list what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## build everything and start a node with its data in ./data
	@echo "==> starting a node; its data is in ./$(DATA). Open the owner link below. Ctrl-C ends it."
	@exec bin/stoa run --data $(DATA)

demo: build ## three nodes of two communities on this machine, with people who talk
	@$(GO) build -trimpath -o bin/demo ./cmd/demo
	@exec bin/demo --stoa bin/stoa

build: web ## build bin/stoa, one file with the web client inside
	@echo "==> building bin/stoa"
	@$(GO) build -trimpath -ldflags '-s -w' -o bin/stoa ./cmd/stoa

web: web/dist/index.html ## build the web client into web/dist

web/dist/index.html: $(WEB_MODULES) $(WEB_SOURCES)
	@echo "==> building the web client"
	@cd web && npm run --silent build
	@touch $@ web/dist/.keep

$(WEB_MODULES): web/package.json web/package-lock.json
	@echo "==> installing the web client's packages (npm ci)"
	@cd web && npm ci --silent --no-audit --no-fund
	@touch $@

test: unit e2e ## every test, in the browser too

unit: web ## the tests of Go and TypeScript that need no browser page
	@scripts/browser-tools
	@scripts/net-tools
	@echo "==> Go tests"
	@$(GO) test ./...
	@echo "==> TypeScript tests"
	@cd web && npm test --silent

e2e: build ## two people talk, in a real Chromium with real speech
	@scripts/browser-tools
	@scripts/net-tools
	@scripts/app-tools
	@scripts/speech
	@echo "==> browser tests"
	@cd web && ../scripts/netlab --enter npm run --silent e2e -- --project sound
	@cd web && ../scripts/netlab --enter npm run --silent e2e -- --project pages --workers 2

race: web ## the Go tests with the race detector
	@scripts/browser-tools
	@scripts/net-tools
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./...

fuzz: ## every fuzz target for FUZZTIME (5m) each
	@scripts/fuzz $(FUZZTIME)

lint: $(WEB_MODULES) ## linters, formats, and that generated files are fresh
	@echo "==> golangci-lint (built from the version pinned in tools/go.mod)"
	@$(GO) -C tools build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@bin/golangci-lint run ./...
	@bin/golangci-lint fmt --diff ./...
	@echo "==> go mod tidy leaves go.mod as it is"
	@$(GO) mod tidy -diff
	@echo "==> TypeScript"
	@cd web && npm run --silent check
	@scripts/types-fresh

types: $(WEB_MODULES) ## write api/openapi.json and the TypeScript types from the Go types
	@$(GO) test ./api/server -run TestOpenAPI -update
	@cd web && npm run --silent types

image: build ## the container image `stoa`, of one static binary
	@scripts/image

deployments: build ## nginx and Caddy, with the files in deploy/, in front of a real node; the container built and run; the systemd unit checked
	@scripts/deployments

faults: ## the host of a room is killed, stopped, and cut off, ROUNDS (20) times each
	STOA_ROUNDS=$(ROUNDS) $(GO) test ./node/netlab -run 'TestTheHost' -v -timeout 90m

bench: build ## load a node (joins, a siege, an evening, a large store), with the node on one processor and the load on another
	@$(GO) build -trimpath -o bin/bench ./bench
	taskset -c 1 bin/bench --cpu 0 join
	taskset -c 1 bin/bench --cpu 0 siege
	bin/bench evening
	bin/bench store

first-visit: build ## how soon a slow phone can use its first room: the least of five visits of each kind; on an idle machine
	@scripts/browser-tools
	@scripts/speech
	@cd web && ROUNDS=5 npm run --silent e2e

soak: ## 1,000 kill -9 in the middle of redeeming invites
	@scripts/soak $(KILLS)

mutants: ## break the code in each way listed in mutants/ and see the named test fail
	@scripts/mutants

clean: ## remove what was built
	rm -rf bin web/dist/assets web/dist/index.html web/node_modules
