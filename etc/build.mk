# etc/: what `make install` puts where.  DESTDIR is for packagers; the installed
# ms.conf names the directories below PREFIX.
SYSCONFDIR ?= /etc/ms
BINDIR     := $(DESTDIR)$(PREFIX)/bin
SBINDIR    := $(DESTDIR)$(PREFIX)/sbin
MSLIBDIR   := $(DESTDIR)$(PREFIX)/lib/ms
LIBDIR     := $(DESTDIR)$(PREFIX)/lib
INCDIR     := $(DESTDIR)$(PREFIX)/include/ms
SHAREDIR   := $(DESTDIR)$(PREFIX)/share/ms
DOCDIR     := $(DESTDIR)$(PREFIX)/share/doc/ms
MANDIR     := $(DESTDIR)$(PREFIX)/share/man
CONFDIR    := $(DESTDIR)$(SYSCONFDIR)
# systemd, its helpers and bash look below /usr/local and /usr as well as below
# /etc; the init script and logrotate have one place only.
ETCDIR     ?= /etc
INITDIR    := $(DESTDIR)$(ETCDIR)/init.d
DEFAULTDIR := $(DESTDIR)$(ETCDIR)/default
ROTATEDIR  := $(DESTDIR)$(ETCDIR)/logrotate.d
UNITDIR    := $(DESTDIR)$(PREFIX)/lib/systemd/system
COMPDIR    := $(DESTDIR)$(PREFIX)/share/bash-completion/completions

INSTALLED_HEADERS := proto/client/ms.h common/err.h common/defs.h
# ms.h lies one level above the path it includes its neighbours by
header_place = $(patsubst proto/client/%,%,$1)
man_pages    = $(wildcard supervisor/*.[18] supervisor/msctl/*.1 etc/*.5)
man_place    = $(MANDIR)/man$(subst .,,$(suffix $1))/$(notdir $1)
# paths below the default prefix that etc/ms.conf, libms.pc, the pages and the
# scripts name; a PATH keeps its /usr/local
to_prefix    = sed -e '/^PATH=/!s|/usr/local/|$(PREFIX)/|g' \
    -e 's|^prefix=.*|prefix=$(PREFIX)|' -e 's|/etc/ms/|$(SYSCONFDIR)/|g' \
    -e 's|/etc/default/|$(ETCDIR)/default/|g'
# $(call put,MODE,FILE,PLACE)
put          = install -d $(dir $3) && $(to_prefix) $2 >$3 && chmod $1 $3
# what an operator changed stays; $(SHAREDIR) has the new one
keep         = if [ -e $3 ]; then $(to_prefix) $2 | cmp -s - $3 || \
    echo "  $3 is kept; the new one is $(SHAREDIR)/$4"; else $(call put,$1,$2,$3); fi; \
    $(call put,644,$2,$(SHAREDIR)/$4)

WORKER_PROGS = $(filter $B/ms-%,$(PROGS))

install: all ## install below PREFIX (/usr/local), with DESTDIR in front
	$Qinstall -d $(BINDIR) $(SBINDIR) $(MSLIBDIR) $(SHAREDIR)/migrations \
	    $(DOCDIR) $(CONFDIR)/conf.d $(LIBDIR)/pkgconfig
	$Qinstall -m 755 $B/msctl $(BINDIR)/
	$Qinstall -m 755 $B/msd $(SBINDIR)/
	$Qinstall -m 755 $(WORKER_PROGS) $(MSLIBDIR)/
	$Qinstall -m 644 $(wildcard migrations/*.sql) $(SHAREDIR)/migrations/
	$Qinstall -m 644 LICENSE $(DOCDIR)/
	$Qfor f in $(wildcard etc/db/*); do \
	    install -D -m 644 $$f $(SHAREDIR)/db/$${f##*/} || exit 1; done
	$Q$(foreach h,$(INSTALLED_HEADERS),\
	    install -D -m 644 $h $(INCDIR)/$(call header_place,$h) &&) true
	$Q$(foreach p,$(man_pages),install -d $(dir $(call man_place,$p)) && \
	    $(to_prefix) $p >$(call man_place,$p) && \
	    chmod 644 $(call man_place,$p) &&) true
	$Qfor f in $B/archive/libms.a $B/libms.so*; do \
	    [ ! -e $$f ] || cp -P $$f $(LIBDIR)/ || exit 1; done
	$Qif [ -e $B/libms.pc ]; then \
	    $(to_prefix) $B/libms.pc >$(LIBDIR)/pkgconfig/libms.pc; fi
	$Q$(call keep,640,etc/ms.conf,$(CONFDIR)/ms.conf,ms.conf)
	$Q$(call put,755,etc/init.d/ms,$(INITDIR)/ms)
	$Q$(call keep,644,etc/default/ms,$(DEFAULTDIR)/ms,default)
	$Q$(call keep,644,etc/logrotate.d/ms,$(ROTATEDIR)/ms,logrotate)
	$Q$(call put,644,etc/systemd/ms.service,$(UNITDIR)/ms.service)
	$Q$(foreach d,tmpfiles sysusers,$(call put,644,etc/$d.d/ms.conf,\
	    $(DESTDIR)$(PREFIX)/lib/$d.d/ms.conf) &&) true
	$Q$(call put,644,etc/bash-completion/msctl,$(COMPDIR)/msctl)

uninstall: ## remove what install put there; $(SYSCONFDIR), data, what was edited stay
	$Q$(foreach f,$(DEFAULTDIR)/ms=default $(ROTATEDIR)/ms=logrotate,\
	    if cmp -s $(subst =, $(SHAREDIR)/,$f); then \
	    rm -f $(firstword $(subst =, ,$f)); fi;)
	$Qrm -f $(BINDIR)/msctl $(SBINDIR)/msd $(INITDIR)/ms \
	    $(UNITDIR)/ms.service $(COMPDIR)/msctl \
	    $(foreach d,tmpfiles sysusers,$(DESTDIR)$(PREFIX)/lib/$d.d/ms.conf) \
	    $(LIBDIR)/libms.a $(LIBDIR)/libms.so* $(LIBDIR)/pkgconfig/libms.pc \
	    $(foreach p,$(man_pages),$(call man_place,$p))
	$Qrm -rf $(MSLIBDIR) $(INCDIR) $(SHAREDIR) $(DOCDIR)

# The commented keys of etc/ms.conf and the key part of ms.conf(5) come from
# the rows; t/rules/options.sh compares them in every `make check`.
options: $B/t/probes/print_rows ## write them anew after a row has changed
	$QB=$B sh t/rules/options.sh --write
.PHONY: install uninstall options
