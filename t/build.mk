# t/: everything that checks the rest.  `make check` runs unit tests, stories
# and the house rules; t/run.sh counts them.

# t/unit/ROOM/test_NOUN.c links libROOM.a and the floors below it.
UNIT.common     := common
UNIT.proto      := proto common
UNIT.client     := ms proto common
UNIT.worker     := worker ms proto common
UNIT.supervisor := supervisor proto common
UNIT.msctl      := msctl supervisor ms proto common
unit_libs = $(or $(UNIT.$1),$1 worker ms proto common)

# Tests of the wire start a worker of t/probes in a directory of their own.
UNIT_SOURCES.client := t/lib/probe.c
UNIT_SOURCES.worker := t/lib/probe.c
UNIT_SOURCES.proto  := t/lib/expo_check.c t/lib/expo_sample.c

UNIT_LDLIBS := -lcheck -lsubunit -lrt -lnng -lxxhash $(COMMON_LDLIBS)
UNIT_LDLIBS.pool := -lpq
UNIT_LDLIBS.persist := -lpq
UNIT_LDLIBS.metrics := -lmicrohttpd
$(foreach s,$(wildcard t/unit/*/test_*.c),$(eval $(call program,TESTS,\
  t/unit/$(notdir $(patsubst %/,%,$(dir $s)))/$(basename $(notdir $s)),$s t/lib/unit.c $(UNIT_SOURCES.$(notdir $(patsubst %/,%,$(dir $s)))),\
  $(call unit_libs,$(notdir $(patsubst %/,%,$(dir $s)))),$(UNIT_LDLIBS) \
  $(UNIT_LDLIBS.$(notdir $(patsubst %/,%,$(dir $s)))))))

# t/integration/otp: OTP's supervisor_SUITE against the built msd
OTP_TESTS :=
$(foreach s,$(wildcard t/integration/otp/test_*.c),$(eval $(call program,OTP_TESTS,\
  t/integration/otp/$(basename $(notdir $s)),$s t/lib/unit.c t/lib/sup.c,\
  common,-lcheck -lsubunit -lrt $(COMMON_LDLIBS))))
TOOLS += $(OTP_TESTS)

PROBE_SOURCES.expo_check := t/lib/expo_check.c t/lib/expo_sample.c
# t/probes: small programs that stories run as workers; t/probes/NAME_steps/ holds
# the further sources of a big one.
$(foreach s,$(wildcard t/probes/*.c),$(eval $(call program,TOOLS,\
  t/probes/$(basename $(notdir $s)),$s $(basename $s)_steps/*.c $(PROBE_SOURCES.$(basename $(notdir $s))),$(if $(filter %_worker.c,$s),worker) ms proto common,-lnng -lxxhash $(COMMON_LDLIBS))))
$(patsubst %.c,$B/%,$(wildcard t/unit/client/test_*.c t/unit/worker/test_*.c)): | \
  $(patsubst %.c,$B/%,$(wildcard t/probes/*_worker.c))

check-built: all $(TESTS) $(TOOLS)
	$QMODE=$(MODE) B=$B sh t/run.sh unit rules stories otp
check-unit: $(TESTS) ## unit tests only
	$QMODE=$(MODE) B=$B sh t/run.sh unit
check-stories: all $(TOOLS) ## integration tests only
	$QMODE=$(MODE) B=$B sh t/run.sh stories
check-otp: all $(TOOLS) ## conformance with OTP's supervisor
	$QMODE=$(MODE) B=$B sh t/run.sh otp
check-slow: all $(TESTS) $(TOOLS) ## the long tests
	$QMODE=$(MODE) B=$B sh t/run.sh slow
.PHONY: check-built check-unit check-stories check-otp check-slow
golden: all ## write the golden files of msctl's output anew
	$QGOLDEN=write MODE=$(MODE) B=$B sh t/integration/golden.sh
	@git diff --stat -- t/golden
.PHONY: golden
