# make test is the whole gate, and what .ci/run calls. make help lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

tools: ## install what the tests need and is absent (Debian and the like, as root)
	@scripts/tools

test: tools check ## everything: formatting, vet, freshness of what is generated, all tests on both databases
	@url=$$(scripts/pg start) && export QIANSHAO_TEST_PG=$$url QIANSHAO_TEST_PG_REQUIRED=1 && \
		go test -timeout 20m $$(go list ./... | grep -vE '/(badday|e2e)$$') && \
		go test -timeout 20m -p 1 ./e2e ./internal/badday # alone: what they say of time would be about the others

check: ## the quick gates: formatting, vet, generated pages up to date
	@bad=$$(gofmt -l $$(git ls-files '*.go')) && { [ -z "$$bad" ] || { echo "not formatted by gofmt:"; echo "$$bad"; exit 1; }; }
	@go vet ./...
	@scripts/fresh

bench: ## generate a province on both databases and measure everything over HTTP (hours; smaller: SIZE=city DURATION=1m REQUESTS=50)
	@scripts/bench

crash: ## the program killed 200 times under load on SQLite, 50 times on PostgreSQL (ten minutes or so)
	@url=$$(scripts/pg start) && QIANSHAO_TEST_PG=$$url go test -count 1 -timeout 60m -run TestKilled -v ./internal/badday -kills 200

year: ## a generated county backed up, restored into both databases and verified, with times and memory; make year CLUES=2000 for less
	@url=$$(scripts/pg start) && QIANSHAO_TEST_PG=$$url go test -count 1 -timeout 3h -run TestYear -v ./internal/badday -clues $(or $(CLUES),20000)

ha: ## the leader of three database servers killed three times under load; installs Patroni and etcd if they are absent (Debian, as root)
	@scripts/ha tools
	@go test -count 1 -timeout 30m -run TestFailover -v ./internal/badday -failovers 3

# Where several work at once; the rest is one request after another.
race: ## the race detector over what works at once (needs a C compiler)
	@url=$$(scripts/pg start) && QIANSHAO_TEST_PG=$$url CGO_ENABLED=1 go test -race -short -timeout 30m ./internal/ledger ./internal/deadline ./internal/jobs ./internal/web/... \
		./internal/account/... ./internal/custody ./internal/measure ./internal/flow ./internal/visit
	@url=$$(scripts/pg start) && QIANSHAO_TEST_PG=$$url CGO_ENABLED=1 go test -race -timeout 30m -run 'While|Workers|Numbers' ./internal/app ./internal/exchange

soak: ## ten hours of mixed work, memory and latency each minute; make soak FOR=30m for less
	@go test -count 1 -timeout 24h -run TestSoak -v ./internal/badday -soak $(or $(FOR),10h)

build: ## the program, in ./qianshao
	go build -trimpath -ldflags '-s -w' -o qianshao ./cmd/qianshao

dist: ## what is given out, in dist/: the program, a Debian package, a container's files; the same bytes each time
	@scripts/dist

dist-test: ## installs, starts, upgrades and purges that package in a debootstrap folder, and builds the program twice (root)
	@scripts/dist-test

demo: ## the demonstration city
	go run ./cmd/qianshao demo

generate: ## the pages' Go code from their templates
	go tool templ generate -path internal

.PHONY: $(shell grep -ohE "^[a-z-]+:" Makefile | tr -d :)
