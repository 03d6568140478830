# supervisor/: msd stands on common and proto only
$(eval $(call library,supervisor,supervisor/*.c))
$(eval $(call program,PROGS,msd,supervisor/main.c,supervisor proto common,$(COMMON_LDLIBS)))
