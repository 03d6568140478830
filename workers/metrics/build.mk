# workers/metrics/: everything but main.c is libmetrics.a, so tests link it
$(eval $(call library,metrics,workers/metrics/*.c))
$(eval $(call program,PROGS,ms-metrics,workers/metrics/main.c,metrics worker ms proto common,-lmicrohttpd $(WORKER_LDLIBS)))
