# make help lists the targets. Prerequisites: Go 1.26, g++, make, python3 with pip.
PLAIN = ./tokenize/... ./corpus/... ./embeddings/... ./objectives ./objectives/metrics ./objectives/wordvec ./objectives/ngram ./objectives/classify \
	./models/safetensors ./models/torch/native ./cmd/cloze/...
# The rooms that need no libtorch must build without cgo, without go.work and without gotch.
NOCGO = CGO_ENABLED=0 GOWORK=off
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 20s
# Larger real data, whose tests skip themselves where this is empty; and what the command sets for itself (docs/log.md).
export CLOZE_DATA ?= $(wildcard $(abspath ../shared/data))
export GOMP_SPINCOUNT ?= 1000

.PHONY: help setup build demo test check plain race torch setup-test bench quality parity dist fuzz lint clean
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 14

setup: ## fetch libtorch, patch gotch, write go.work; nothing when done
	@$(NOCGO) go run ./cmd/cloze setup

build: setup ## bin/cloze with all verbs
	go build -tags torch -o bin/cloze ./cmd/cloze

demo: build ## text to a model, vectors and a passage, on the sources of your Go (about 4 minutes)
	./examples/demo.sh

test: lint plain race torch setup-test ## set up, check and run every test

plain: ## tests of the plain rooms, without cgo
	$(NOCGO) go test $(PLAIN)
race: ## the same under the race detector, which makes tests of time and of allocations meaningless
	GOWORK=off CGO_ENABLED=1 go test -race -skip 'Linear|QuickAndSmall|AllocatesNothing' $(PLAIN)
torch: setup ## all tests, with libtorch
	go test -tags torch ./...
setup-test: setup ## the real set-up against an index that breaks, killed at random moments
	CLOZE_SETUP_TEST=1 go test -count=1 -timeout 20m ./cmd/cloze/setup

lint: setup ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l . ; echo "gofmt: the files above are not formatted; run gofmt -w on them" ; exit 1 ; }
	$(NOCGO) go vet $(PLAIN)
	go vet -tags torch ./...
	$(STATICCHECK) -tags torch ./...

bench: setup ## timings; beside PyTorch, gensim, ... where CLOZE_PYTHON names a python that has them
	go test -tags torch -run '^$$' -bench . -benchmem ./...

quality: setup ## real training runs with the loss or the scores to reach, and 100 kills (minutes to an hour)
	go test -tags 'torch quality' -count=1 -timeout 120m -v -run 'Shakespeare|StaysFlat|Kill|MaskedCurve' ./objectives/train -kills 100
	go test -tags 'torch quality' -count=1 -timeout 120m -v -run 'Gensim|C53' ./objectives/train/hogwild
	go test -tags torch -count=1 -v -run MiniLM ./models/pipeline

parity: setup ## all tests, those against Python packages too: make parity CLOZE_PYTHON=venv/bin/python
	CLOZE_PYTHON="$(abspath $(or $(CLOZE_PYTHON),$(error set CLOZE_PYTHON to a python with torch, transformers, tokenizers, gensim)))" go test -tags torch -count=1 -timeout 120m ./...

dist: setup ## dist/: an archive of the command and libtorch that runs elsewhere
	@$(NOCGO) go run ./cmd/cloze setup --dist dist

fuzz: setup ## each fuzz target for FUZZTIME
	@grep -rEo '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | while IFS=: read -r file func; do \
	  go test -tags torch -run '^$$' -fuzz "^$${func#func }$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" || exit 1 ; done

clean: ## remove what make and the demo made here (not the set-up's cache)
	rm -rf bin dist runs .demo
