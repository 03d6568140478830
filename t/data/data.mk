# t/data/: what tests and demonstrations feed the system with
AGENT_EVENTS ?= 100000

build/data/agents.ndjson: t/data/make-agents.sh
	$(call say,GEN)
	$Qmkdir -p $(@D) && sh $< $(AGENT_EVENTS) > $@

# where `msctl bus pub --file t/data/agents.ndjson` of the README looks
t/data/agents.ndjson: build/data/agents.ndjson
	$(call say,CP)
	$Qcp $< $@
data: t/data/agents.ndjson ## 100,000 sample events in t/data/agents.ndjson
.PHONY: data
