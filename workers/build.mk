# The skeleton of every worker: libworker.a
$(eval $(call library,worker,workers/*.c))
WORKER_LDLIBS := -Wl,-u,worker_sends_by_itself -lnng $(COMMON_LDLIBS) -lxxhash

# The workers that own libpq (pool, persist) and their tests
PQ_CPPFLAGS := -isystem $(or $(shell pg_config --includedir 2>/dev/null),/usr/include/postgresql)

new-worker: ## NAME=x writes a compiling, tested skeleton of a worker
	$Qsh workers/new-worker.sh '$(NAME)'
.PHONY: new-worker
