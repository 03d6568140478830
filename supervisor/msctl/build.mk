# supervisor/msctl/: the admin tool, on everything but workers
$(eval $(call library,msctl,supervisor/msctl/*.c))
$(eval $(call program,PROGS,msctl,supervisor/msctl/main.c,msctl ms proto common,-lxxhash $(COMMON_LDLIBS)))
