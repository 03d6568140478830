#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make install` puts a usable system below DESTDIR, keeps a configuration that
# is there, and `make uninstall` takes back what it put.
B=${B:-build/release}
dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-install.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; exit 1; }
run() { # the make that runs us hands down its own flags: not these
	env -u MAKEFLAGS -u MFLAGS make -s MODE="${MODE:-release}" \
	    DESTDIR="$dir" PREFIX=/opt/ms "$@" || fail "make $*"
}

run install
for f in bin/msctl sbin/msd lib/ms/ms-log lib/ms/ms-config lib/ms/ms-metrics lib/ms/ms-bus \
    lib/ms/ms-pool lib/ms/ms-persist include/ms/ms.h lib/libms.a \
    share/man/man8/msd.8 share/man/man5/ms.conf.5 share/doc/ms/LICENSE \
    share/man/man1/msctl.1 lib/systemd/system/ms.service \
    lib/tmpfiles.d/ms.conf lib/sysusers.d/ms.conf \
    share/bash-completion/completions/msctl; do
	[ -s "$dir/opt/ms/$f" ] || fail "not installed: $f"
done
for f in init.d/ms default/ms logrotate.d/ms; do
	[ -s "$dir/etc/$f" ] || fail "not installed: /etc/$f"
done
[ -x "$dir/etc/init.d/ms" ] || fail "the init script cannot be executed"
[ -n "$(ls "$dir/opt/ms/share/ms/migrations/")" ] || fail "no migrations"

# the installed file names installed places, and is good
grep -q '^lib_dir *= */opt/ms/lib/ms$' "$dir/etc/ms/ms.conf" ||
    fail "lib_dir of the installed ms.conf"
! grep -q /usr/local "$dir/etc/ms/ms.conf" || fail "/usr/local in ms.conf"
"$dir/opt/ms/sbin/msd" -t -c "$dir/etc/ms/ms.conf" || fail "msd -t"

# so do the init script and the unit
grep -q 'MS_BIN:=/opt/ms/sbin/msd' "$dir/etc/init.d/ms" ||
    fail "the init script starts another msd"
grep -q '^ExecStart=/opt/ms/sbin/msd ' \
    "$dir/opt/ms/lib/systemd/system/ms.service" || fail "ExecStart"
sh -n "$dir/etc/init.d/ms" || fail "init script"
if command -v systemd-analyze >/dev/null; then
	# its programs have to be where it says: below the folder
	sed "s|/opt/ms/|$dir&|" "$dir/opt/ms/lib/systemd/system/ms.service" \
	    >"$dir/ms.service"
	out=$(systemd-analyze verify --man=no "$dir/ms.service" 2>&1) ||
	    fail "systemd-analyze: $out"
	[ -z "$out" ] || fail "systemd-analyze: $out"
else
	echo "skipped: no systemd-analyze"
fi
for d in tmpfiles sysusers; do # in a root of their own
	command -v systemd-$d >/dev/null || continue
	mkdir -p "$dir/root/etc"
	conf=$dir/opt/ms/lib/$d.d/ms.conf
	case $d in tmpfiles) set -- --create ;; *) set -- ;; esac
	out=$(systemd-$d --root="$dir/root" "$@" "$conf" 2>&1) ||
	    fail "systemd-$d: $out"
done
if command -v logrotate >/dev/null; then
	logrotate -d -s "$dir/state" "$dir/etc/logrotate.d/ms" \
	    >"$dir/out" 2>&1 || fail "logrotate: $(cat "$dir/out")"
fi

# the installed headers stand by themselves
printf '#include <ms.h>\nint main(void) { return ms_strerr(MS_OK) == 0; }\n' \
    >"$dir/x.c"
cc -c -I "$dir/opt/ms/include/ms" -o "$dir/x.o" "$dir/x.c" || fail "ms.h"

# installed where it says, init script, programs and defaults find each other
real() { run DESTDIR= PREFIX="$dir/usr" SYSCONFDIR="$dir/real/ms" \
    ETCDIR="$dir/real" "$@" >"$dir/out"; }
init() { env -i PATH="$PATH" "$dir/real/init.d/ms" "$@" >"$dir/out" 2>&1 ||
    fail "init script: $* gives $?: $(cat "$dir/out")"; }
real install
cat >"$dir/real/ms/ms.conf" <<CONF
[msd]
run_dir = \${STORY_DIR}/run
log_dir = \${STORY_DIR}/log
state_dir = \${STORY_DIR}/state
lib_dir = $dir/usr/lib/ms
[worker log]
command = ms-log
ready = notify
CONF
echo "STORY_DIR=$dir/var" >>"$dir/real/default/ms"
init start
env -i "$dir/usr/bin/msctl" -s "$dir/var/run/msd.sock" wait log --state ready ||
    fail "the installed system does not run"
init stop
real uninstall
left=$(find "$dir/usr" -type f -o -type l)
[ -z "$left" ] || fail "left behind: $left"

# what an operator wrote stays
echo '# mine' >"$dir/etc/ms/ms.conf"
echo '# mine' >>"$dir/etc/default/ms"
run install >"$dir/out"
grep -q "default/ms is kept" "$dir/out" || fail "not told what is kept"
[ "$(cat "$dir/etc/ms/ms.conf")" = '# mine' ] || fail "ms.conf was overwritten"

run uninstall
left=$(find "$dir/opt" -type f -o -type l)
[ -z "$left" ] || fail "left behind: $left"
[ ! -e "$dir/etc/init.d/ms" ] || fail "the init script was left"
[ ! -e "$dir/etc/logrotate.d/ms" ] || fail "logrotate.d/ms was left"
[ -f "$dir/etc/default/ms" ] || fail "uninstall took an edited file"
[ -f "$dir/etc/ms/ms.conf" ] || fail "uninstall took the configuration"
