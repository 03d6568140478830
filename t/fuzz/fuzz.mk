# t/fuzz/: every fuzz_NAME.c is a libFuzzer target.  `make fuzz TIME=60` builds
# them with clang and shares the seconds among them; FUZZ=NAME runs one alone.
# Seeds are in t/fuzz/corpus/NAME, words worth trying in t/fuzz/NAME.dict;
# finds go to build/fuzz/.  `make check` replays the seeds without clang.
FUZZ_NAMES := $(patsubst t/fuzz/fuzz_%.c,%,$(wildcard t/fuzz/fuzz_*.c))
FUZZ       ?= $(FUZZ_NAMES)
TIME       ?= 60
FUZZ_CC    ?= clang
FUZZ_FLAGS := -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=undefined \
              -fsanitize=address,undefined
FUZZ_LIBS  := -lcjson -lev -lcrypto -lpthread -lm

# Sources under test: the pure floors, and the parsers of rooms by name
FUZZ_SOURCES := $(wildcard common/*.c proto/*.c proto/conf/*.c proto/msg/*.c) \
    t/lib/expo_check.c t/lib/expo_sample.c workers/pool/pg_startup.c workers/pool/pg_stream.c workers/pool/pg_proto.c \
    $(wildcard workers/bus/journal*.c) $(patsubst %,workers/bus/%.c,segment \
        manifest syncer hot quarantine cursors consumer) \
    $(filter-out supervisor/main.c supervisor/msctl/%,\
        $(wildcard supervisor/*.c supervisor/*/*.c))
FUZZ_EXTRA   := $(filter-out common/% proto/%,$(FUZZ_SOURCES))

build/fuzz/%.o: %.c
	$(call say,FCC)
	$Qmkdir -p $(@D) && $(FUZZ_CC) -std=c17 -I. -D_GNU_SOURCE \
	    -DMS_VERSION='"$(VERSION)"' -MMD -MP $(FUZZ_FLAGS) \
	    -fsanitize=fuzzer-no-link -c $< -o $@
build/fuzz/libtested.a: $(FUZZ_SOURCES:%.c=build/fuzz/%.o)
	$(call say,AR)
	$Qrm -f $@ && $(AR) rcs $@ $^
$(FUZZ_NAMES:%=build/fuzz/fuzz_%): build/fuzz/fuzz_%: \
    build/fuzz/t/fuzz/fuzz_%.o build/fuzz/libtested.a
	$(call say,LD)
	$Q$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer $^ $(FUZZ_LIBS) -o $@

fuzz: ## feed random bytes to every parser: TIME=60 seconds, FUZZ="json conf"
	$Qcommand -v $(FUZZ_CC) >/dev/null || { \
	    echo "make fuzz needs clang (Debian: apt-get install clang)" >&2; \
	    exit 1; }
	$Q$(MAKE) --no-print-directory $(FUZZ:%=build/fuzz/fuzz_%)
	$Qsh t/fuzz/run.sh $(TIME) $(FUZZ)
.PHONY: fuzz

# The same targets by the usual compiler, for the seeds
REPLAYS := $(FUZZ_NAMES:%=$B/t/fuzz/replay_%)
$(REPLAYS): $B/t/fuzz/replay_%: $B/t/fuzz/fuzz_%.o $B/t/fuzz/replay.o \
    $(FUZZ_EXTRA:%.c=$B/%.o) $B/libproto.a $B/libcommon.a
	$(call say,LD)
	$Q$(CC) $(filter -fsanitize%,$(FLAGS)) $(LDFLAGS) \
	    $^ $(FUZZ_LIBS) -o $@
check-fuzz-seeds: $(REPLAYS) ## replay the seeds of all fuzz targets
	$QB=$B sh t/rules/fuzz_seeds.sh
check-built: $(REPLAYS)
.PHONY: check-fuzz-seeds
-include $(FUZZ_SOURCES:%.c=build/fuzz/%.d)
-include $(FUZZ_NAMES:%=build/fuzz/t/fuzz/fuzz_%.d)
-include $(FUZZ_NAMES:%=$B/t/fuzz/fuzz_%.d) $B/t/fuzz/replay.d
