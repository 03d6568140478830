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

INSTALLED_HEADERS := proto/client/ms.h common/err.h common/defs.h
# ms.h lies one level above the path it includes its neighbours by
header_place = $(patsubst proto/client/%,%,$1)
man_pages    = $(wildcard supervisor/*.[18] supervisor/msctl/*.1 etc/*.5)
man_place    = $(MANDIR)/man$(subst .,,$(suffix $1))/$(notdir $1)
# paths below the default prefix that etc/ms.conf, libms.pc and the pages name
to_prefix    = sed -e 's|/usr/local/|$(PREFIX)/|g' -e 's|^prefix=.*|prefix=$(PREFIX)|'

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
	$Qfor f in $B/install/libms.a $B/libms.so*; do \
	    [ ! -e $$f ] || cp -P $$f $(LIBDIR)/ || exit 1; done
	$Qif [ -e $B/libms.pc ]; then \
	    $(to_prefix) $B/libms.pc >$(LIBDIR)/pkgconfig/libms.pc; fi
	$Qif [ -e $(CONFDIR)/ms.conf ]; then \
	    echo "  $(CONFDIR)/ms.conf is kept; the new one is $(SHAREDIR)/ms.conf"; \
	else \
	    $(to_prefix) etc/ms.conf >$(CONFDIR)/ms.conf && \
	    chmod 640 $(CONFDIR)/ms.conf; \
	fi
	$Q$(to_prefix) etc/ms.conf >$(SHAREDIR)/ms.conf && \
	    chmod 644 $(SHAREDIR)/ms.conf

uninstall: ## remove what install put there; $(SYSCONFDIR) and data stay
	$Qrm -f $(BINDIR)/msctl $(SBINDIR)/msd \
	    $(LIBDIR)/libms.a $(LIBDIR)/libms.so* $(LIBDIR)/pkgconfig/libms.pc \
	    $(foreach p,$(man_pages),$(call man_place,$p))
	$Qrm -rf $(MSLIBDIR) $(INCDIR) $(SHAREDIR) $(DOCDIR)

# The commented keys of etc/ms.conf and the key part of ms.conf(5) come from
# the rows; t/rules/options.sh compares them in every `make check`.
options: $B/t/probes/print_rows ## write them anew after a row has changed
	$QB=$B sh t/rules/options.sh --write
.PHONY: install uninstall options
