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
for f in bin/msctl sbin/msd lib/ms/ms-log lib/ms/ms-config lib/ms/ms-bus \
    lib/ms/ms-pool lib/ms/ms-persist include/ms/ms.h lib/libms.a \
    share/man/man8/msd.8 share/man/man5/ms.conf.5 share/doc/ms/LICENSE; do
	[ -s "$dir/opt/ms/$f" ] || fail "not installed: $f"
done
[ -n "$(ls "$dir/opt/ms/share/ms/migrations/")" ] || fail "no migrations"

# the installed file names installed places, and is good
grep -q '^lib_dir *= */opt/ms/lib/ms$' "$dir/etc/ms/ms.conf" ||
    fail "lib_dir of the installed ms.conf"
! grep -q /usr/local "$dir/etc/ms/ms.conf" || fail "/usr/local in ms.conf"
"$dir/opt/ms/sbin/msd" -t -c "$dir/etc/ms/ms.conf" || fail "msd -t"

# the installed headers stand by themselves
printf '#include <ms.h>\nint main(void) { return ms_strerr(MS_OK) == 0; }\n' \
    >"$dir/x.c"
cc -c -I "$dir/opt/ms/include/ms" -o "$dir/x.o" "$dir/x.c" || fail "ms.h"

# what an operator wrote stays
echo '# mine' >"$dir/etc/ms/ms.conf"
run install >/dev/null
[ "$(cat "$dir/etc/ms/ms.conf")" = '# mine' ] || fail "ms.conf was overwritten"

run uninstall
left=$(find "$dir/opt" -type f -o -type l)
[ -z "$left" ] || fail "left behind: $left"
[ -f "$dir/etc/ms/ms.conf" ] || fail "uninstall took the configuration"
