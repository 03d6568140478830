# proto/client/: libms, the only client I/O here; what agents link
$(eval $(call library,ms,proto/client/*.c))

# What is installed: everything an agent needs in one archive and one shared
# library; both show the ms_ names only.
MS_OBJS   := $(call objs,proto/client/*.c)
MS_BELOW  := $(call libs,proto common)
MS_LDLIBS := -lcjson -lpthread -lm
LIBS += $B/archive/libms.a $B/libms.so $B/libms.pc

$B/archive/libms.o: $(MS_OBJS) $(MS_BELOW)
	$(call say,LD)
	$Qmkdir -p $(@D) && $(LD) -r -o $@.all $^ && \
	    objcopy --wildcard --keep-global-symbol='ms_*' $@.all $@ && rm $@.all
$B/archive/libms.a: $B/archive/libms.o
	$(call say,AR)
	$Qrm -f $@ && $(AR) rcs $@ $<
$B/libms.so.0: $(MS_OBJS) $(MS_BELOW) proto/client/libms.map
	$(call say,LD)
	$Q$(CC) -shared $(filter -fsanitize%,$(FLAGS)) $(LDFLAGS) \
	    -Wl,-soname,libms.so.0 -Wl,--version-script,proto/client/libms.map \
	    -o $@ $(filter %.o %.a,$^) -Wl,--as-needed $(MS_LDLIBS)
$B/libms.so: $B/libms.so.0
	$Qln -sf libms.so.0 $@
$B/libms.pc: proto/client/libms.pc.in Makefile
	$Qmkdir -p $(@D) && sed 's/@VERSION@/$(VERSION)/' $< >$@

# Examples: linked as users link, against the installed kinds of library
EXAMPLES := $(patsubst t/examples/%.c,$B/t/examples/%,$(wildcard t/examples/*.c))
TOOLS += $(EXAMPLES)
OBJS  += $(EXAMPLES:=.o)
$(EXAMPLES:=.o): CPPFLAGS += -Iproto/client
$(EXAMPLES): $B/t/examples/%: $B/t/examples/%.o $B/archive/libms.a
$(EXAMPLES): LDLIBS += $(MS_LDLIBS)
