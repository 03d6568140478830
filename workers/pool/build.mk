# workers/pool/: everything but main.c is libpool.a, so tests link it
$(eval $(call library,pool,workers/pool/*.c))
$(eval $(call program,PROGS,ms-pool,workers/pool/main.c,pool worker ms proto common,-lpq $(WORKER_LDLIBS)))

$B/workers/pool/%.o $B/t/unit/pool/%.o $B/t/probes/pg_%.o: CPPFLAGS += $(PQ_CPPFLAGS)
$B/t/probes/pg_pipeline: LDLIBS += -lpq
