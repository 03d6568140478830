# supervisor/msctl/: the admin tool; of msd it knows the specs only (check)
$(eval $(call library,msctl,supervisor/msctl/*.c supervisor/msctl/*/*.c))
$(eval $(call program,PROGS,msctl,supervisor/msctl/main.c,msctl supervisor ms proto common,-lxxhash $(COMMON_LDLIBS)))
