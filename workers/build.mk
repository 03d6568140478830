# The skeleton of every worker: libworker.a
$(eval $(call library,worker,workers/*.c))
WORKER_LDLIBS := -lnng $(COMMON_LDLIBS) -lxxhash
