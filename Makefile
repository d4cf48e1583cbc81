# The front door. Everything is set up inside the checkout: .venv, node_modules, target.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
VENV := $(CURDIR)/.venv
BLOCKRUN := $(TARGET)/release/blockrun

export BLOCKRUN_BIN := $(BLOCKRUN)

# What there is of the toolchains of Swift and Kotlin, the one that swift.sh has fetched too.
THERE := $(shell { command -v swift mvn; ls -d \
	"$${BLOCKRUN_TOOLCHAINS:-$${XDG_CACHE_HOME:-$$HOME/.cache}/blockrun}/swift/trixie"; } 2> /dev/null || true)

# The keys that tests sign with; none of them may ever be printed.
TEST_KEYS := ac0974bec39a17e36ba4a6b4d238ff94|59c6995e998f97a5a0044966f0945389

# Everything the servers can do, compiled once.
FEATURES := blockrun-gateway/onchain,blockrun-gateway/postgres,blockrun-cli/otel

.PHONY: help build native wheel addon demo test everything lint lint-rust lint-python lint-node \
	test-rust test-python test-node test-integrations hosts-python hosts-node test-hosts ffi hello \
	swift kotlin test-swift test-kotlin test-uniffi parity \
	faults compare interop load bench bench-packages soak clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "After 'make build': $(VENV)/bin/python imports blockrun_llm,"
	@echo "and $(BLOCKRUN) is the command."

build: wheel addon ## release libraries, the wheel in .venv, the Node package

demo: build $(if $(THERE),hello) ## watch agents of every language pay with play money
	$(VENV)/bin/python examples/demo.py

test: ## every lint and test, in every language
	mkdir -p $(TARGET)
	$(MAKE) --no-print-directory everything 2>&1 | tee $(TARGET)/test.log
	@if grep -qiE '$(TEST_KEYS)' $(TARGET)/test.log; then echo 'a private key was printed' >&2; exit 1; fi
	@echo 'No private key in $(TARGET)/test.log. All tests passed.'

everything: lint test-rust test-python test-node test-integrations test-hosts test-uniffi test-kotlin \
	test-swift demo interop

lint: lint-rust lint-python lint-node parity ## formatting, clippy, ruff, mypy, pyright, biome, tsc

clean: ## remove everything that was built or installed here
	rm -rf $(TARGET) $(VENV) node_modules bindings-node/dist integrations/node_modules integrations/*/dist

# --- the command, the example and the test servers; the wheel and the addon reuse what this built

native:
	cargo build --release --lib --bins -p blockrun-llm -p blockrun-cli -p conformance

# --- Python

$(VENV)/.installed: tests/python/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

wheel: native $(VENV)/.installed
	$(VENV)/bin/maturin build --release --quiet --interpreter $(VENV)/bin/python --out $(TARGET)/wheels
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall \
		$(TARGET)/wheels/blockrun_llm-*.whl

lint-python: wheel
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/pyright

test-python: wheel
	$(VENV)/bin/pytest

# --- Node

# Not `npm ci`: it insists on the packages of every platform, and a mirror may carry few of them.
node_modules/.installed: package.json package-lock.json
	npm install --no-save --no-audit --no-fund --loglevel=error
	touch $@

addon: native node_modules/.installed
	npm run --silent build

lint-node: addon
	npm run --silent lint
	npm run --silent typecheck

test-node: addon
	npm test --silent

# --- packages for the frameworks of agents, each tested with its host

INTEGRATIONS := $(TARGET)/integrations
HOSTS := $(INTEGRATIONS)/python
NODE_HOSTS := $(INTEGRATIONS)/node
NODE_PACKAGES := $(dir $(wildcard integrations/*/tsconfig.json))

test-integrations: hosts-python hosts-node ## LangChain, LlamaIndex, LiteLLM, AI SDK and ElizaOS pay once

$(HOSTS)/.installed: integrations/requirements.txt
	$(PYTHON) -m venv $(HOSTS)
	$(HOSTS)/bin/pip install --quiet --no-compile --disable-pip-version-check -r $<
	touch $@

hosts-python: wheel $(HOSTS)/.installed
	rm -rf $(INTEGRATIONS)/wheels
	$(HOSTS)/bin/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--wheel-dir $(INTEGRATIONS)/wheels $(dir $(wildcard integrations/*/pyproject.toml))
	$(HOSTS)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall \
		$(TARGET)/wheels/blockrun_llm-*.whl $(INTEGRATIONS)/wheels/*.whl
	cd integrations && $(VENV)/bin/mypy --config-file mypy.ini --python-executable $(HOSTS)/bin/python
	cd integrations && $(HOSTS)/bin/pytest --quiet --benchmark-disable

# Optional dependencies of hosts are large and not needed. The package under test is this checkout.
$(NODE_HOSTS)/.installed: integrations/package.json
	mkdir -p $(NODE_HOSTS)
	cp $< $(NODE_HOSTS)
	rm -f $(NODE_HOSTS)/node_modules/blockrun-llm
	cd $(NODE_HOSTS) && npm install --omit=optional --no-package-lock --no-audit --no-fund --loglevel=error
	touch $@

hosts-node: addon $(NODE_HOSTS)/.installed
	ln -sfn $(CURDIR) $(NODE_HOSTS)/node_modules/blockrun-llm
	ln -sfn $(NODE_HOSTS)/node_modules integrations/node_modules
	rm -rf $(addsuffix dist,$(NODE_PACKAGES))
	for project in $(NODE_PACKAGES) integrations/testing; do npx --no-install tsc --project $$project; done
	node --test --test-reporter=dot integrations/testing/*.test.mjs integrations/*/tests/*.test.mjs

# --- packages that others wrote, in front of `blockrun proxy`, `blockrun mcp` and a gateway's tools

CALLERS := $(TARGET)/callers

$(CALLERS)/.installed: tests/hosts/requirements.txt tests/hosts/package.json
	$(PYTHON) -m venv $(CALLERS)
	$(CALLERS)/bin/pip install --quiet --disable-pip-version-check -r tests/hosts/requirements.txt
	cp tests/hosts/package.json $(CALLERS)
	cd $(CALLERS) && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	touch $@

# The npm package of the MCP server is tested as it would be installed.
test-hosts: wheel addon $(CALLERS)/.installed
	$(CALLERS)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall \
		$(TARGET)/wheels/blockrun_llm-*.whl
	ln -sfn $(CURDIR) $(CALLERS)/node_modules/blockrun-llm
	PYTHONPATH=tests/hosts $(CALLERS)/bin/pytest tests/hosts
	rm -rf $(CALLERS)/packed $(CALLERS)/installed && mkdir -p $(CALLERS)/installed
	node integrations/blockrun-mcp/pack.mjs $(CALLERS)/packed $(BLOCKRUN)
	cd $(CALLERS)/installed && echo '{"private":true}' > package.json \
		&& npm install --offline --no-audit --no-fund --loglevel=error $(CALLERS)/packed/*.tgz
	cp tests/hosts/*.mjs $(CALLERS)
	BLOCKRUN_MCP=$(CALLERS)/installed/node_modules/.bin/blockrun-mcp node --test $(CALLERS)/*.test.mjs

# --- Swift and Kotlin, over one native library

SWIFT := bindings-swift/scripts/swift.sh $(TARGET)/release $(TARGET)/swift
MAVEN := bindings-kotlin/scripts/maven.sh $(TARGET)

# A toolchain that is missing is no failure once it has been said. CI fetches it, and fails where that
# fails; it is said there as well where there is no way to it (no Debian, no root, no mounts).
SAID := || [ $$? = 77 ]

# For the demo, where there is a toolchain; nothing is fetched for it.
hello: ffi
	@CI= $(SWIFT) build --product hello $(SAID)
	@$(MAVEN) --offline test-compile > $(TARGET)/hello.log 2>&1 \
		|| echo 'Kotlin says no hello; $(TARGET)/hello.log says why, and `make kotlin` helps.' >&2

ffi: native
	cargo build --release -p blockrun-swift --features bindgen
	bindings-swift/scripts/generate.sh $(TARGET) release

swift: ffi ## the Swift package, built
	@$(SWIFT) build $(SAID)

kotlin: ffi ## the Kotlin package, a jar in target/kotlin
	@$(MAVEN) package -DskipTests $(SAID)

test-swift: ffi
	@CARGO_TARGET_DIR=$(TARGET) $(SWIFT) test $(SAID)

test-kotlin: ffi
	@$(MAVEN) test $(SAID)

# The native library where there is neither Swift nor a JDK: through UniFFI's own Python.
test-uniffi: ffi $(VENV)/.installed
	cargo test --release --quiet -p blockrun-swift --features bindgen --lib
	PYTHONPATH=$(TARGET)/uniffi/python:tests/swift $(VENV)/bin/pytest tests/swift

# The public surface of the five languages, compared with one list.
parity: ## the same calls, options and fields in five languages
	@$(PYTHON) tests/parity/parity.py

# --- Rust

lint-rust:
	cargo fmt --all --check
	cargo clippy --all-targets --features $(FEATURES) --quiet -- -D warnings
	cargo clippy --quiet -p blockrun-python -p blockrun-node -p blockrun-swift -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps -p blockrun-llm -p blockrun-gateway

# A chain to settle on comes with the npm packages.
test-rust: node_modules/.installed
	cargo test --features $(FEATURES)
	BLOCKRUN_TEST_STORE=postgres cargo test --features $(FEATURES) --lib -- claim:: ledger:: store:: gallery:: sales::
	BLOCKRUN_TEST_STORE=postgres cargo test --features $(FEATURES) --test gateway

# --- network faults beside the official clients; their packages stay out of everything else

COMPARISON := $(TARGET)/comparison

$(COMPARISON)/.installed: $(wildcard tests/comparison/requirements*.txt) tests/comparison/package.json
	$(PYTHON) -m venv $(COMPARISON)/x402
	$(PYTHON) -m venv $(COMPARISON)/published
	$(COMPARISON)/x402/bin/pip install --quiet --disable-pip-version-check \
		-r tests/comparison/requirements.txt
	$(COMPARISON)/published/bin/pip install --quiet --disable-pip-version-check \
		-r tests/comparison/requirements-published.txt
	cp tests/comparison/package.json $(COMPARISON)
	cd $(COMPARISON) && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	touch $@

compare: wheel $(COMPARISON)/.installed ## the same network faults against other x402 clients
	cp tests/comparison/official_fetch.mjs $(COMPARISON)
	$(PYTHON) tests/comparison/compare.py --setup $(COMPARISON) --venv $(VENV)

# --- every client with every server and facilitator, ours and the official ones

INTEROP := $(TARGET)/interop

$(INTEROP)/.installed: tests/interop/requirements.txt tests/interop/package.json
	$(PYTHON) -m venv $(INTEROP)/python
	$(INTEROP)/python/bin/pip install --quiet --disable-pip-version-check -r tests/interop/requirements.txt
	cp tests/interop/package.json $(INTEROP)
	cd $(INTEROP) && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	touch $@

interop: wheel addon $(INTEROP)/.installed ## who can pay whom through whom, as a table
	cargo build -p blockrun-cli --features onchain
	cargo build --quiet --manifest-path tests/interop/clients/x402-reqwest/Cargo.toml \
		--target-dir $(TARGET)/x402-reqwest
	mkdir -p $(INTEROP)/clients $(INTEROP)/servers
	cp tests/interop/clients/*.mjs $(INTEROP)/clients
	cp tests/interop/servers/*.mjs $(INTEROP)/servers
	$(VENV)/bin/python tests/interop/interop.py --setup $(INTEROP) \
		--blockrun $(TARGET)/debug/blockrun --target $(TARGET)
	$(INTEROP)/python/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall \
		$(TARGET)/wheels/blockrun_llm-*.whl
	$(VENV)/bin/python tests/interop/tools.py --setup $(INTEROP) --blockrun $(TARGET)/debug/blockrun

# The load shares the machine with what it measures, so nothing else should.
load: native $(INTEROP)/.installed ## paid calls a second beside other servers, into benches/LOAD.md
	cargo build --release -p blockrun-bench
	cargo build --release --manifest-path benches/x402-axum/Cargo.toml --target-dir $(TARGET)/x402-axum
	mkdir -p $(INTEROP)/servers
	cp tests/interop/servers/*.mjs $(INTEROP)/servers
	$(PYTHON) benches/load.py --target $(TARGET) --interop $(INTEROP) --write benches/LOAD.md

# --- our clients beside the published and the official ones, in front of one stand-in

BENCH := $(TARGET)/bench

$(BENCH)/.installed: benches/clients/package.json
	mkdir -p $(BENCH)/published
	cp $< $(BENCH)/published
	cd $(BENCH)/published && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	$(PYTHON) -m venv $(BENCH)/python
	touch $@

# `dist` is what is published, and takes long to build.
BENCH_PROFILE := release

# Ours is installed as anybody would install it, by itself.
bench-packages: $(VENV)/.installed node_modules/.installed $(COMPARISON)/.installed $(BENCH)/.installed
	cargo build --profile $(BENCH_PROFILE) -p blockrun-bench
	cargo bench --no-run -p blockrun-bench -p blockrun-llm --bench micro --bench journal
	$(VENV)/bin/maturin build --profile $(BENCH_PROFILE) --quiet --interpreter $(VENV)/bin/python --out $(BENCH)/wheels
	$(BENCH)/python/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall \
		$(BENCH)/wheels/blockrun_llm-*.whl
	npm run --silent $(if $(filter dist,$(BENCH_PROFILE)),build:release,build:native)
	npm run --silent build:ts
	rm -rf $(BENCH)/packed $(BENCH)/node && mkdir -p $(BENCH)/node
	node bindings-node/scripts/pack.mjs $(BENCH)/packed
	echo '{"private":true}' > $(BENCH)/node/package.json
	cd $(BENCH)/node && npm install --offline --no-audit --no-fund --loglevel=error $(BENCH)/packed/*.tgz

# The clients share the machine with the stand-in, so nothing else should. QUICK=1 takes two rounds, and
# leaves RESULTS.md alone.
bench: bench-packages ## our clients beside the others, into benches/RESULTS.md
	$(PYTHON) -B benches/clients --target $(TARGET) --profile $(BENCH_PROFILE) \
		$(if $(QUICK),--quick,--write benches/RESULTS.md)

# `cargo test` runs a subset of it.
faults: ## every fault at every byte, with the table of results
	FAULTS=full cargo test -p conformance --test faults --test streams --test shared -- --nocapture
	FAULTS=full cargo test -p blockrun-gateway --features onchain,postgres --test onchain \
		-- --nocapture processes

# --- by hand, for hours; what it said last is in tests/soak.md

SOAK_CALLS := 100000
SOAK_SECONDS := 600
FUZZED := $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))

soak: wheel addon $(addprefix fuzz-,$(FUZZED)) ## for hours: calls, fuzzing, every fault at every byte
	cargo build --release -p blockrun-bench
	$(PYTHON) benches/load.py --target $(TARGET) --soak $(SOAK_SECONDS)
	BLOCKRUN_SOAK=$(SOAK_CALLS) cargo test -p conformance --test memory -- --nocapture
	BLOCKRUN_SOAK=$(SOAK_CALLS) $(VENV)/bin/pytest -s tests/python/test_leaks.py tests/python/test_packaging.py
	BLOCKRUN_SOAK=$(SOAK_CALLS) node --test tests/node/leaks.test.mjs
	$(MAKE) --no-print-directory faults

# New inputs go to a folder of their own; those worth keeping are copied to tests/corpus. Needs a
# nightly toolchain and `cargo install cargo-fuzz --locked`. There is no unsafe code to sanitize.
fuzz-%:
	mkdir -p $(TARGET)/corpus/$*
	cargo +nightly fuzz run --sanitizer none --target-dir $(TARGET)/fuzz $* \
		$(TARGET)/corpus/$* tests/corpus/$* -- -max_total_time=$(SOAK_SECONDS) -max_len=65536 -timeout=20
