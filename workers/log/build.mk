# workers/log/: everything but main.c is liblog.a, so tests link it
$(eval $(call library,log,workers/log/*.c))
$(eval $(call program,PROGS,ms-log,workers/log/main.c,log worker ms proto common,$(WORKER_LDLIBS)))
