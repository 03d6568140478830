# workers/bus/: everything but main.c is libbus.a, so tests link it
$(eval $(call library,bus,workers/bus/*.c))
$(eval $(call program,PROGS,ms-bus,workers/bus/main.c,bus worker ms proto common,$(WORKER_LDLIBS)))
