# The front door; the build itself is Meson's (meson.build). `make help` lists what there is.
ASAN = build/asan
RELEASE = build/release
PREFIX ?= /usr/local

all: release

build/.ready: tools/setup
	tools/setup
	@mkdir -p build && touch $@
$(ASAN)/build.ninja: | build/.ready
	meson setup $(ASAN) -Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fsanitize=float-cast-overflow >build/setup.log || { cat build/setup.log; false; }
$(RELEASE)/build.ninja: | build/.ready
	meson setup $(RELEASE) --buildtype=release -Db_lto=true -Dstrip=true >build/setup.log || { cat build/setup.log; false; }

release: $(RELEASE)/build.ninja       ## the program, optimised: build/release/petri
	ninja -C $(RELEASE)
asan: $(ASAN)/build.ninja             ## the program with the address and undefined-behaviour sanitizers
	ninja -C $(ASAN)
check: asan release                   ## everything that must pass
	tools/check
demo: release                         ## a small real workflow, from this repository, on this machine
	tools/demo
bench: release                        ## speed and memory beside other engines (installs them)
	tests/bench/run
golden: release                       ## the germline flow on the larger shared data, against the known answers (a minute)
	tools/setup --for demo
	PETRI=$(RELEASE)/petri tests/golden/germline.test
fuzz: build/.ready                    ## every parser, a minute each; FUZZ_SECONDS=600 for longer
	tools/fuzz
kill: release                         ## kill -9 of the head at 200 moments, resume after each (minutes)
	tests/fault/kill 200
coverage: build/.ready                ## lines and branches per folder
	tools/coverage
install: release                      ## into $(PREFIX), with man pages and completions
	@{ meson configure $(RELEASE) --prefix=$(PREFIX) && meson install -C $(RELEASE) --quiet; } >build/setup.log || { cat build/setup.log; false; }
	@[ "$$(id -u)" != 0 ] || chown -R --reference=. build       # after `sudo make install` the owner can still build
	@echo "installed $(PREFIX)/bin/petri"
clean:
	rm -rf build
help:
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

.PHONY: all release asan check demo bench golden fuzz kill coverage install clean help
