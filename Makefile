# Daybook. `make run` needs Go alone; `make test` also wants strace, curl,
# redis-server and node, which it installs where it may.

GO       ?= go
DATA     ?= ./daybook-data
FUZZTIME ?= 3s

# Tests wait more than they compute, for syncs and for servers. So more of them
# run side by side than there are processors: tests of a package where the
# program itself is tested, and packages where the race detector looks.
ABREAST = $$((2 * $$(getconf _NPROCESSORS_ONLN)))

# The tests of the race detector leave out the end-to-end tests, whose subject
# is the plain binary, and those with large loads.
RACED = $(shell $(GO) list ./... | grep -v -E '^daybook/cmd/(daybook|bench)$$')

# SQLite is C, translated into Go: what it works on is outside Go's heap, where
# the detector does not look, and takes several times as long when it is asked to.
# Two goroutines on one connection are found without it, in the C library.
UNWATCHED = -gcflags=modernc.org/sqlite/lib=-race=false

.PHONY: run build test check race fuzz lint conformance test-eventstore bench profile soak proof proofs tools FORCE

run:
	@test -x bin/daybook || echo "building daybook; the first time this takes one to five minutes, SQLite is large"
	@$(MAKE) --no-print-directory build
	./bin/daybook serve --dev --data $(DATA)

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/daybook ./cmd/daybook

# Only what is shipped is built with the profile.
test: tools
	$(GO) test -pgo=off -parallel $(ABREAST) -timeout 15m ./...

# check is what a change has to pass.
check: lint test race fuzz conformance

lint:
	@unformatted=$$(gofmt -l cmd domain eventstore http projections); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on: $$unformatted"; exit 1; fi
	$(GO) vet -pgo=off ./...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff

race:
	$(GO) test -pgo=off -race $(UNWATCHED) -p $(ABREAST) -short -shuffle=on -timeout 15m $(RACED)

# soak runs many more random schedules of faults of Redis than `make test` does.
SCHEDULES ?= 1000
soak: tools
	DAYBOOK_SCHEDULES=$(SCHEDULES) $(GO) test -pgo=off -count=1 -timeout 2h -run RandomSchedules ./projections/schedules

# proof shows in hundreds of random schedules that nothing acknowledged is lost: by
# kills (ten of a log), by losses of power (six of a schedule), and by the faults
# of soak. `make test` runs a tenth. It stops after DURATION and resumes, if the
# program and SEED are the same. What failed names its seed and how to repeat it,
# and leaves its files in $(PROOF)/artifacts.
SEED     ?= 1
KILLS    ?= 200
LOSSES   ?= 60
DURATION ?= 3h
PROOF    ?= proof-data

proof: build tools
	@timeout $(DURATION) $(MAKE) --no-print-directory proofs || \
		{ [ $$? != 124 ] || echo "not all is proved after $(DURATION): type the same again to resume"; exit 1; }

# A proof that fails does not keep the others from running.
proofs:
	@state=$(abspath $(PROOF))/$$(sha256sum bin/daybook | cut -c1-12)-$(SEED); failed=0; \
	mkdir -p $$state $(PROOF)/artifacts; \
	prove() { \
		DAYBOOK_SCHEDULES_STATE=$$state DAYBOOK_SCHEDULES_FROM=$(SEED) DAYBOOK_SCHEDULES=$$2 $(GO) test -pgo=off -count=1 -timeout 0 \
			-artifacts -outputdir $(abspath $(PROOF))/artifacts -run "^$$1\$$" $$3 || failed=1; \
	}; \
	prove TestKilledServerKeepsWhatItAcknowledged $$(($(KILLS) / 10)) ./cmd/daybook; \
	prove TestLossOfPowerKeepsWhatItAcknowledged $$(($(LOSSES) / 6)) ./cmd/daybook; \
	prove TestRandomSchedules $(SCHEDULES) ./projections/schedules; \
	exit $$failed

# conformance runs against our server of EventStoreDB's protocol what others wrote
# for theirs, and the end-to-end suite with its logs on that server. It needs
# npm, and the network at first.
conformance: tools
	DAYBOOK_CONFORMANCE=1 $(GO) test -pgo=off -count=1 -timeout 15m ./eventstore/esdbserver/conformance
	DAYBOOK_TEST_EVENTSTORE=scratch $(GO) test -pgo=off -parallel $(ABREAST) -count=1 -timeout 15m ./cmd/daybook

# test-eventstore runs the suite of all stores and the end-to-end suite on an
# EventStoreDB that is there: make test-eventstore URL='esdb://localhost:2113?tls=false'
# It writes to streams that begin with e2e and a random word, and leaves them.
# bin/eventstore.test is the same in one file, to be carried to another machine:
# DAYBOOK_TEST_EVENTSTORE=esdb://... ./eventstore.test -test.timeout 1h
test-eventstore: tools bin/eventstore.test
	@test -n "$(URL)" || { echo "type: make test-eventstore URL='esdb://localhost:2113?tls=false'"; exit 1; }
	@cd cmd/daybook && DAYBOOK_TEST_EVENTSTORE='$(URL)' ../../bin/eventstore.test -test.timeout 1h -test.v

bin/eventstore.test: FORCE
	CGO_ENABLED=0 $(GO) test -c -pgo=off -trimpath -o bin/eventstore.test ./cmd/daybook

# fuzz runs every fuzz target for a while, two side by side.
# The engine sometimes calls a target failed that found nothing, only because its
# time was over in the middle of an input (golang/go#75804): such a target runs
# once more. A finding is a finding.
FUZZED = $(shell grep -rEo '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' cmd domain eventstore http projections | sed -E 's|/[^/]*:func |/|')

fuzz:
	@$(MAKE) --no-print-directory -j 2 $(FUZZED:%=fuzz/%)

fuzz/%: FORCE
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	fuzz() { \
		echo "fuzz $(*F) in $(*D) for $(FUZZTIME)"; \
		$(GO) test -pgo=off -vet=off -run '^$$' -fuzz '^$(*F)$$' -fuzztime $(FUZZTIME) ./$(*D) >"$$log" 2>&1; \
	}; \
	overtime() { grep -q 'context deadline exceeded' "$$log" && ! grep -q 'Failing input' "$$log"; }; \
	fuzz || { overtime && fuzz; } || { cat "$$log"; exit 1; }

# bench measures daybook beside the limits of the machine. Nothing else should
# run meanwhile.
bench: build bin/bench
	./bin/bench
	$(GO) test -run '^$$' -bench RedisBalance -benchtime 2s ./http
	$(GO) test -run '^$$' -bench 'Fold|Rebuild' ./projections/...
	$(GO) test -run '^$$' -bench ReadAll ./eventstore/eventstoredb

bin/bench: FORCE
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/bench ./cmd/bench

FORCE:

# profile measures where the time goes and leaves it for the compiler, which
# inlines what is hot. Repeat it when the path of a callback has changed much.
profile: build bin/bench
	rm -rf bench-data/profiles && mkdir -p bench-data/profiles
	./bin/bench --rounds 1 --profiles bench-data/profiles
	$(GO) tool pprof -proto bench-data/profiles/*.prof > cmd/daybook/default.pgo

# The tests of durability trace and break system calls; those of read models
# start real Redis servers, without the service that the package brings; those of
# README paste its lines, which are for curl, redis-cli, python3 and node; those of
# docs/deploy ask through real proxies.
TOOLS    = strace curl redis-server redis-cli python3 node nginx caddy
PACKAGES = strace curl redis-server redis-tools python3 python3-redis nodejs nginx-light caddy

# Debian has nginx where not everybody looks.
export PATH := $(PATH):/usr/sbin

tools:
	@for tool in $(TOOLS); do command -v $$tool >/dev/null || missing=1; done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq $(PACKAGES); \
		else \
			echo "the tests need $(TOOLS); type: sudo apt-get install -y $(PACKAGES)"; exit 1; \
		fi; \
	fi
