# The front door; the build itself is Meson's (meson.build). `make help` lists what there is.
ASAN = build/asan
RELEASE = build/release
PREFIX ?= /usr/local
TORTURE ?= 1
SOAK_SECONDS ?= 3600

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
golden: release                       ## the flows on the larger shared data: known variants (a minute), 10,000 proteins killed and resumed (10 minutes)
	tools/setup --for demo
	PETRI=$(RELEASE)/petri tests/golden/germline.test
	PETRI=$(RELEASE)/petri tests/golden/embed.test
lengths: release                      ## models beside double precision at every length (LENGTHS_STEP)
	ninja -C $(RELEASE) tests/golden/model-lengths
	tests/golden/lengths
fuzz: build/.ready                    ## every parser, a minute each; FUZZ_SECONDS=600 for longer
	tools/fuzz
kill: release                         ## kill -9 of the head at 200 moments, resume after each (minutes)
	tests/fault/kill 200
torture: release                      ## every write fails, every step is a kill, every allocation fails; TORTURE=30 for every 30th (an hour; needs no root)
	tests/fault/torture writes $(TORTURE)
	tests/fault/torture kills $(TORTURE)
	tests/fault/torture allocations $(TORTURE)
power: release                        ## 1,000 power cuts and 40 lost filesystems, ext4 and XFS (20 minutes; as root)
	tools/setup --for torture
	tests/fault/power 1000 40
damage: asan                          ## every byte of what is on disk flipped, cut, swapped, zeroed (minutes)
	DAMAGE_EVERY=1 $(ASAN)/tests/test-fault-damage
soak: release                         ## the simulator for an hour, then 1,000 kills; SOAK_SECONDS=60 for less
	ninja -C $(RELEASE) tests/sim/petri-sim
	$(RELEASE)/tests/sim/petri-sim --first $$(date +%s)000 --seconds $(SOAK_SECONDS)
	tests/fault/kill 1000
reproducible: build/.ready            ## builds what is committed twice, in two folders: the programs must be equal
	tools/reproducible
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

.PHONY: all release asan check demo bench golden lengths fuzz kill torture power damage soak reproducible coverage install clean help
