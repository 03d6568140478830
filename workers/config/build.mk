# workers/config/: everything but main.c is libconfig.a, so tests link it
$(eval $(call library,config,workers/config/*.c))
$(eval $(call program,PROGS,ms-config,workers/config/main.c,config worker ms proto common,$(WORKER_LDLIBS)))
