# The front door. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo demo-down cluster cluster-down test build fmt lint check proto bench sim rollouts faults coverage install clean deps

PREFIX ?= /usr/local
SWIFT ?= swift
# One flag set for every release build: another one would compile all of it again. Nothing loads the binary as a library, so the table of
# its symbols (7 MB) is left out. What a generic type needs is linked to it and not looked for by its name when a process first uses it, which
# takes a command a tenth of its time; the code this adds, and as much again, is saved by keeping one of each set of functions that are alike.
RELEASE_FLAGS := -c release --static-swift-stdlib --disable-local-rpath -Xlinker -s -Xlinker --no-export-dynamic -Xlinker --icf=all \
  -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## run Warren for real: a service with two replicas behind a published port, on this machine
	@scripts/demo.sh up

demo-down: ## stop the demo and remove everything it made
	@scripts/demo.sh down

cluster: ## five hosts made of namespaces, with a cluster on them, to play with; as root
	@scripts/cluster.sh up

cluster-down: ## remove these hosts and every trace of them
	@scripts/cluster.sh down

test: ## everything CI runs: format, generated code, strict build, unit, integration and end-to-end tests
	@scripts/test.sh

build: deps ## the binary, at bin/warren: a release build that needs no Swift on the machine it runs on
	@mkdir -p .build/link && echo 'INPUT(-l:libstdc++.a)' >.build/link/libstdc++.so # docs/adr/0002-binary-size.md
	$(SWIFT) build $(RELEASE_FLAGS) --product warren
	@install -D "$$($(SWIFT) build $(RELEASE_FLAGS) --show-bin-path)/warren" bin/warren

fmt: ## format the sources in place
	@scripts/swift-files.sh | xargs -0 $(SWIFT) format format --in-place --parallel

lint: ## check the format and the size of files
	@scripts/lint.sh

check: lint ## lint, shell scripts, and a strict build (warnings are errors)
	@scripts/dependencies.sh build test
	@git ls-files '*.sh' .ci/run | xargs shellcheck
	WARREN_STRICT=1 $(SWIFT) build --build-tests

proto: ## regenerate the committed protobuf code
	@scripts/dependencies.sh build test
	@api/generate.sh

bench: build ## measure (release build); the figures in docs/operations/performance.md come from here
	$(SWIFT) build $(RELEASE_FLAGS) --product warren-bench
	@scripts/bench.sh bin/warren "$$($(SWIFT) build $(RELEASE_FLAGS) --show-bin-path)/warren-bench"

sim: ## simulate Raft: SEED=n replays a run with its trace, RUNS=n soaks
	@scripts/sim.sh run --seed $(or $(SEED),1) --runs $(or $(RUNS),1) $(if $(RUNS),,--trace)

rollouts: ## simulate updates and rollbacks: SEED=n replays a run with its trace, RUNS=n soaks
	@scripts/sim.sh rollouts --seed $(or $(SEED),1) --runs $(or $(RUNS),1) $(if $(RUNS),,--trace)

faults: deps ## break machines of a real cluster under load and judge it: SEED=n, MINUTES=n (one seed a minute)
	@scripts/dependencies.sh run
	$(SWIFT) build --product warren && $(SWIFT) build --product warren-faults
	@test/faults/run.sh "$$($(SWIFT) build --show-bin-path)" 60 $$(seq $(or $(SEED),1) $$(($(or $(SEED),1) + $(or $(MINUTES),2) - 1)))

coverage: ## which lines the unit, integration and end-to-end tests reach: .build/coverage/lcov.info and summary.txt
	@scripts/coverage.sh

install: ## put binary, completions, man page and systemd units in place (PREFIX=/usr/local)
	@scripts/install.sh "$(PREFIX)" "$(DESTDIR)"

deps:
	@scripts/dependencies.sh build

clean: ## remove what builds made
	rm -rf .build bin
