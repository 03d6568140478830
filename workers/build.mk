# The skeleton of every worker: libworker.a
$(eval $(call library,worker,workers/*.c))
WORKER_LDLIBS := -Wl,-u,worker_sends_by_itself -lnng $(COMMON_LDLIBS) -lxxhash

new-worker: ## NAME=x writes a compiling, tested skeleton of a worker
	$Qsh workers/new-worker.sh '$(NAME)'
.PHONY: new-worker
