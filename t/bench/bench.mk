# t/bench/NAME.sh prints lines `name value unit`; it may run the programs
# t/bench/*.c, built as build/$(MODE)/t/bench/*.
$(foreach s,$(wildcard t/bench/*.c),$(eval $(call program,TOOLS,\
  t/bench/$(basename $(notdir $s)),$s,ms proto common,-lnng -lxxhash $(COMMON_LDLIBS))))

BENCHES := $(basename $(notdir $(wildcard t/bench/*.sh)))
bench: $(BENCHES:%=bench-%) ## run every benchmark
bench-%: t/bench/%.sh all $(TOOLS) FORCE
	$QB=$B sh $<
FORCE:
.PHONY: bench FORCE
