# Mister Smith.  make [MODE=release|debug|asan|tsan] [V=1] [TARGET]
# Everything built goes to build/$(MODE); `make help` lists the targets.
MODE ?= release
B    := build/$(MODE)
Q    := $(if $(V),,@)
say   = $(if $(V),,@printf '  %-3s %s\n' $1 $@ >&2)

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=

FLAGS.release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FLAGS.debug   := -O0 -g3
FLAGS.asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
FLAGS.tsan    := -O1 -g -fsanitize=thread
FLAGS         := $(or $(FLAGS.$(MODE)),$(error MODE is release, debug, asan or tsan, not '$(MODE)'))
WARN := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes \
        -Wmissing-prototypes -Wconversion -Wno-sign-conversion -Wpointer-arith
ALL_CFLAGS = -std=c17 -fPIC -I. -D_GNU_SOURCE -DMS_VERSION='"$(VERSION)"' \
             -MMD -MP $(FLAGS) $(WARN) $(CPPFLAGS) $(CFLAGS)

PROGS := # what users run
TESTS := # Check programs, one per test_*.c
TOOLS := # built for tests only: probes, benchmarks
OBJS  :=

all:
objs = $(patsubst %.c,$B/%.o,$(wildcard $1))
libs = $(patsubst %,$B/lib%.a,$1)

# $(call library,NAME,GLOBS): libNAME.a of every match but main.c
define library
$B/lib$1.a: $(filter-out %/main.o,$(call objs,$2))
OBJS += $(call objs,$2)
endef

# $(call program,KIND,NAME,SOURCES,LIBRARIES highest floor first,VENDOR FLAGS)
define program
$1 += $B/$(strip $2)
$B/$(strip $2): $(call objs,$3) $(call libs,$4)
$B/$(strip $2): LDLIBS += $5
OBJS += $(call objs,$3)
endef

include $(wildcard common/build.mk proto/build.mk proto/*/build.mk)
include $(wildcard supervisor/build.mk supervisor/*/build.mk)
include $(wildcard workers/build.mk workers/*/build.mk t/build.mk etc/build.mk)
include $(wildcard t/data/data.mk t/bench/bench.mk)

all: $(PROGS) $(LIBS)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

$B/%.o: %.c
	$(call say,CC)
	$Qmkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -c $< -o $@
$B/lib%.a:
	$(call say,AR)
	$Qrm -f $@ && $(AR) rcs $@ $^
$(PROGS) $(TESTS) $(TOOLS):
	$(call say,LD)
	$Qmkdir -p $(@D) && $(CC) $(filter -fsanitize%,$(FLAGS)) $(LDFLAGS) $^ $(LDLIBS) -o $@

include t/fuzz/fuzz.mk

run: deps ## start the development tree (./var); Ctrl-C stops it
	$Q$(MAKE) --no-print-directory all data
	@echo 'in a second shell:  . etc/dev/env; msctl tree'
	$Qexec $B/msd -c etc/dev.conf

check: deps ## build and run all tests
	$Q$(MAKE) --no-print-directory check-built

deps: ## install missing Debian packages (apt-get), after saying which
	$Qsh etc/deps.sh

fmt: ## format all C sources
	clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove what was built
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 16
.PHONY: all run check deps fmt clean help
-include $(sort $(OBJS:.o=.d))
