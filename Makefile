# Build:
#   make run       build, and run with the built-in configuration
#   make demo      a three-minute demo without a camera or a network: docs/demo.md
#   make build     bin/rvo-tui (CGO_ENABLED=0: one static file, without OpenCV and FFmpeg)
#   make models    fetch the optional networks to bin/models
#   make install   install the built program, man page, completion and unit in PREFIX (/usr/local)
#   make uninstall remove them, but keep the configuration
#   make clean     remove bin/
#
# Check:
#   make check     lint and test
#   make lint      formatting, vet, golangci-lint, shellcheck
#   make test      all tests, with the race detector if there is cgo (RERUN=1: rerun failed tests once and list them)
#   make audit     versions and licences of dependencies, and known vulnerabilities
#   make docs-test run the commands of all documents as printed, and check their links (DOCS=README.md for one)
#   make fuzz      every fuzz target for a minute (FUZZTIME=10m for longer)
#   make fuzz-program  2,000 RTSP sessions and 500 files with corrupted bytes against the built program
#   make schemathesis  the HTTP API against its OpenAPI description, with random requests
#   make attack    whether a token still grants access within a second during attacks on the login
#   make outbox-test   1,000 events, failing receivers, ten kill -9, and a storm of 10 s
#   make mqtt-test     1,000 events to a real broker with ten kill -9, a cut network, and the cost of hostile brokers
#   make ha-test       a real Home Assistant (needs Python 3.13; 500 MB in bin/homeassistant)
#   make triton-test   model servers against a real Triton (x86_64; 140 MB in bin/triton)
#   make parity    networks against Python's onnxruntime (needs some gigabytes)
#   make first-event   from here to a camera event at a webhook (CAMERA=rtsp://… for your camera)
#   make distro-test   make run and make test in a clean Debian 13 (SUITE=bookworm: Debian 12)
#   make distro-readme   all commands of the README there, with time and bytes (READER=me: as a user, not as root)
#   make distro-event    from a fresh checkout there to an event at a webhook, within three minutes
#
# Reliability:
#   make soak      four cameras, every kind of detector and output, and random faults (DURATION=30m for longer)
#   make soak-web  the memory of a page that stays open for an hour (FOR=10m for less)
#   make faults    some fifty faults in and around the program: time to show and to heal (10 minutes; some need root)
#   make camera-faults  a hundred faults on each of five kinds of cameras while clips are saved (FAULTS=1000 for more)
#   make promises  the README's promises on this machine: idle, full and overloaded (8 minutes; TIME=1m each)
#
# Measure:
#   make bench         Go benchmarks (BENCH=Step for some, COUNT=10 for benchstat)
#   make bench-video   processor time for watching a file, compared with FFmpeg and motion
#   make bench-screen  the cost of the dashboard, compared with --no-ui (20 minutes)
#   make bench-web     the cost of 20 pages and 8 watchers for the program, and of 32 cameras for the browser (10 minutes)
#   make bench-track   the tracker compared with norfair and supervision (600 MB in bin/track)
#   make triton-bench  the age of signals from Triton, compared with a bare client (AGE=15s each)
#
# Regenerate:
#   make proto     the code generated from proto/
#   make sdk       the SDKs in sdk/, and check their types
#   make screens   the screens in docs/screens
#
# On Debian and Ubuntu, run, build and test install missing packages; elsewhere they say
# what to install (PACKAGES=skip: always only say it). ARGS goes to the program:
# make run ARGS="--no-ui --duration 10s".

SHELL       = /bin/sh
GO         ?= go
CGO_ENABLED ?= 1
BENCH      ?= .
COUNT      ?= 1
FUZZTIME   ?= 1m
TIME       ?= 1m
FAULTS     ?= 100
FOR        ?= 1h
DURATION   ?= 10m
IMAGE      ?= /usr/share/doc/opencv-doc/examples/data/basketball1.png
SUITE      ?= trixie
READER     ?= root
CAMERA     ?=
DOCS       ?= README.md CONTRIBUTING.md sdk/README.md $(wildcard docs/*.md)
AGE        ?= 15s
RERUN      ?= 0
export CGO_ENABLED
# A distribution's Go may be set not to fetch the version that go.mod needs.
export GOTOOLCHAIN ?= auto

# Without a git revision, the version is "devel".
VCS   := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo true || echo false)
RACE  := $(if $(filter 0,$(CGO_ENABLED)),,-race)
# Link only the parts of OpenCV that are used: see detectors/opencv/link_lean.go.
LEAN  := $(if $(filter 0,$(CGO_ENABLED)),,CGO_CPPFLAGS="$$CGO_CPPFLAGS $$(pkg-config --cflags opencv4)" GOFLAGS="$$GOFLAGS -tags=customenv")
BUILD := $(LEAN) $(GO) build -trimpath -buildvcs=$(VCS)

# GOTEST runs the tests of all packages. Its argument is the name of its result files in bin.
GOTEST = bin/tools/gotestsum --format pkgname-and-test-fails --jsonfile bin/$(1).tests.json --rerun-fails=$(RERUN) --rerun-fails-max-failures=6 \
	--rerun-fails-run-root-test --rerun-fails-abort-on-data-race --rerun-fails-report bin/$(1).rerun --packages ./... -- -timeout 20m

# If it cannot be fetched, the program cannot run networks, and says so.
ONNXRUNTIME := [ "$(CGO_ENABLED)" = 0 ] || scripts/fetch.sh onnxruntime || echo "Continuing without ONNX Runtime: networks will not run (docs/onnx.md)." >&2

.PHONY: run demo build test lint check audit bench bench-video bench-screen bench-web screens bench-track install uninstall soak soak-web camera-faults faults promises fuzz fuzz-program outbox-test mqtt-test ha-test proto sdk distro-test distro-readme distro-event docs-test first-event clean go packages models parity attack schemathesis triton-test triton-bench

run: build
	bin/rvo-tui $(ARGS)

demo: build
	@scripts/packages.sh demo
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o bin/road ./examples/demo/road
	examples/demo/demo.sh bin/rvo-tui bin/road

build: go
	@scripts/packages.sh build
	@$(ONNXRUNTIME)
	$(BUILD) -o bin/rvo-tui .

test: go bin/tools/gotestsum
	@scripts/packages.sh test
	@$(ONNXRUNTIME)
	@[ "$(CGO_ENABLED)" = 0 ] || scripts/fetch.sh testmodels >/dev/null || echo "Tests that need networks are skipped." >&2
	@$(TRITON)
	@sdk/build.sh node || echo "Tests that need it are skipped." >&2
	@scripts/packages_test.sh
	CGO_ENABLED=0 $(GO) build -o /dev/null .
	@rm -f bin/*.tests.json bin/*.rerun
	CGO_ENABLED=0 $(call GOTEST,static) -shuffle=on
	$(if $(RACE),$(LEAN) $(call GOTEST,race) $(RACE) -shuffle=on)

lint: go bin/tools/gofumpt bin/tools/golangci-lint
	@scripts/packages.sh check
	@files=$$(bin/tools/gofumpt -l .) && [ -z "$$files" ] || { echo "gofumpt -w:" $$files >&2; exit 1; }
	$(GO) vet ./...
	CGO_ENABLED=0 $(GO) vet ./...
	bin/tools/golangci-lint run ./...
	shellcheck scripts/*.sh proto/*.sh sdk/*.sh .ci/run

check: lint test

bench: go
	@scripts/packages.sh build
	$(LEAN) $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

bench-video: build
	$(GO) run ./bench/video -rvo bin/rvo-tui

bench-screen: go
	@scripts/packages.sh test
	$(LEAN) $(GO) test -count=1 -timeout 1h -run TestScreenCost -v ./e2e -measure 9

bench-web: go
	@scripts/packages.sh test
	$(LEAN) $(GO) test -count=1 -timeout 1h -run TestWebCost -v ./e2e -web-cost 9

screens: go
	@scripts/packages.sh test
	$(LEAN) $(GO) test -count=1 -run TestScreens ./e2e -screens "$(CURDIR)/docs/screens"

# norfair, supervision and the ground truth (in motmetrics) come from PyPI.
TRACK := bin/track
bench-track: go
	CGO_ENABLED=0 $(GO) build -o $(TRACK)/replay ./bench/track
	[ -d $(TRACK)/python ] || python3 -m venv $(TRACK)/python
	$(TRACK)/python/bin/pip install -q motmetrics==1.4.0 norfair==2.3.0 supervision==0.26.1 'numpy<2'
	$(TRACK)/python/bin/python bench/track/compare.py $(TRACK)/replay

# As root, run with priority over other programs, so that they do not affect the measurement.
FIRST := nice -n -20

soak: go
	@scripts/packages.sh test
	@$(ONNXRUNTIME)
	$(LEAN) $(FIRST) $(GO) test -count=1 -timeout 0 -run 'TestSoak$$' -v ./e2e -soak $(DURATION) -soak-samples "$(CURDIR)/bin/soak.tsv"

camera-faults: go
	@scripts/packages.sh test
	$(LEAN) $(FIRST) $(GO) test -count=1 -timeout 24h -run TestCameraFaults -v ./e2e -camera-faults $(FAULTS)

soak-web: go
	@scripts/packages.sh test
	$(LEAN) $(GO) test -count=1 -timeout 24h -run TestWebStaysSmall -v ./e2e -web-open $(FOR)

# Faults that are not possible here are skipped with the reason: disks and networks need
# root, and the virtual machine needs a kernel.
faults: go
	@scripts/packages.sh test
	@scripts/packages.sh faults
	@scripts/kernel.sh || echo "Continuing without clock faults." >&2
	$(LEAN) $(FIRST) $(GO) test -count=1 -timeout 30m -run 'TestFaults$$' -v ./e2e -faults -faults-table "$(CURDIR)/bin/faults.md"
	@cat bin/faults.md

promises: go
	@scripts/packages.sh test
	$(LEAN) $(FIRST) $(GO) test -count=1 -timeout 30m -run TestPromises -v ./e2e -promises $(TIME) -promises-table "$(CURDIR)/bin/promises.md"
	@cat bin/promises.md

outbox-test: go
	@scripts/packages.sh build
	RVO_OUTBOX=all $(LEAN) $(GO) test ./e2e -count 1 -v -run 'TestOutbox|TestNtfy|TestStorm'

mqtt-test: go
	@scripts/packages.sh test
	RVO_OUTBOX=all RVO_MQTT_PAIRS=5s $(LEAN) $(GO) test ./e2e -count 1 -v -timeout 30m -run 'TestMQTT'

# Without a suitable Python, the test is skipped with the reason.
ha-test: go
	@scripts/packages.sh test
	scripts/homeassistant.sh bin/homeassistant
	RVO_HOMEASSISTANT=$(CURDIR)/bin/homeassistant $(LEAN) $(GO) test ./e2e -count 1 -v -run 'TestHomeAssistant'

fuzz: go
	@scripts/packages.sh build
	@$(GO) list ./... | while read -r package; do \
		for target in $$($(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null || exit 1; \
		done; \
	done

fuzz-program: go
	@scripts/packages.sh test
	$(LEAN) $(GO) test -count=1 -timeout 0 -run Mutated -v ./e2e -mutations 2000

audit: go bin/tools/govulncheck
	scripts/audit.py
	scripts/vulncheck.sh bin/tools/govulncheck

models:
	scripts/fetch.sh models

# The Triton server, and ONNX Runtime for the Python examples.
TRITON := for what in triton python; do scripts/fetch.sh $$what || echo "Tests that need it are skipped." >&2; done

triton-test: go
	@scripts/packages.sh test
	scripts/fetch.sh triton
	CGO_ENABLED=0 $(GO) test -count=1 -run TestTriton -v ./detectors/remote/oip

triton-bench: build
	scripts/fetch.sh triton
	RVO_AGE=$(AGE) CGO_ENABLED=0 $(GO) test -count=1 -timeout 1h -run TestAge -v ./detectors/remote/oip

# Exports networks of ultralytics and torchvision with random weights, and compares the
# results with Python's onnxruntime. Takes some gigabytes and minutes.
PARITY := bin/parity
parity: go
	@scripts/packages.sh build
	@$(ONNXRUNTIME)
	python3 -m venv $(PARITY)
	$(PARITY)/bin/pip install -q ultralytics==8.4.190 torch==2.6.0 torchvision==0.21.0 onnx==1.23.2 onnxslim onnxruntime==1.32.0 transformers==5.24.0
	$(PARITY)/bin/python detectors/onnx/testdata/export.py $(PARITY)/models $(IMAGE)
	$(PARITY)/bin/python detectors/onnx/testdata/reference.py $(PARITY)/reference.json $(IMAGE) $(CURDIR)/$(PARITY)/models/*.onnx
	RVO_REFERENCE=$(CURDIR)/$(PARITY)/reference.json $(GO) test -count=1 -run TestParity -v ./detectors/onnx

attack:
	$(LEAN) $(GO) test ./e2e -count=1 -v -run TestAttacksLockNobodyOut -attack-limit 1s

schemathesis: build
	scripts/schemathesis.sh bin/rvo-tui --max-examples 60

proto: go
	@scripts/packages.sh proto
	proto/gen.sh

sdk: proto
	@scripts/packages.sh sdk
	sdk/build.sh all

docs-test: build
	@scripts/packages.sh test
	@scripts/packages.sh tour
	$(GO) test -count=1 -run Document ./internal/house
	scripts/docs_test.py $(DOCS)

distro-test: go
	@scripts/distro_test.sh $(SUITE)

distro-readme:
	@scripts/distro_test.sh $(SUITE) readme $(READER)

distro-event:
	@scripts/distro_test.sh $(SUITE) event $(READER)

first-event: go
	@scripts/first_event.sh $(CAMERA)

# install does not build: it usually runs with sudo.
install uninstall:
	@scripts/install.sh $@

clean:
	rm -rf bin

go:
	@scripts/go.sh $(GO)

# tools/go.mod pins the versions of the tools. Each is built once.
TOOL_gofumpt       = mvdan.cc/gofumpt
TOOL_golangci-lint = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
TOOL_govulncheck   = golang.org/x/vuln/cmd/govulncheck
TOOL_gotestsum     = gotest.tools/gotestsum
TOOL_benchstat     = golang.org/x/perf/cmd/benchstat

bin/tools/%: tools/go.mod tools/go.sum | go
	cd tools && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o ../$@ $(TOOL_$*)
