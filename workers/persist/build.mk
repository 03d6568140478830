# workers/persist/: everything but main.c is libpersist.a, so tests link it
$(eval $(call library,persist,workers/persist/*.c))
$(eval $(call program,PROGS,ms-persist,workers/persist/main.c,persist worker ms proto common,-lpq $(WORKER_LDLIBS)))

$B/workers/persist/%.o $B/t/unit/persist/%.o: CPPFLAGS += $(PQ_CPPFLAGS)
