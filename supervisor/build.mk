# supervisor/: msd stands on common and proto only.  Its rooms:
#   guard/  the parent that starts msd again    spec/   what the file asks for
#   tree/   who lives, and what a death means   child/  one worker's life
#   launch/ births, deaths, control groups      log/    pipes and last words
#   metrics/ files to count in, msd's own numbers
#   ctl/    the control socket                  state/  what a re-exec takes along
MSD_ROOMS := guard spec tree child launch log metrics ctl state
$(eval $(call library,supervisor,supervisor/*.c $(MSD_ROOMS:%=supervisor/%/*.c)))
$(eval $(call program,PROGS,msd,supervisor/main.c,supervisor proto common,$(COMMON_LDLIBS)))
