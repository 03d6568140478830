#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes a worker that compiles, runs and is tested: workers/new-worker.sh NAME
# Makes workers/NAME/, proto/msg/NAME.{h,c} and t/unit/NAME/test_NAME.c, and
# lists its verb in proto/msg_table.c.
set -e
cd "$(dirname "$0")/.."
name=$1
fail() { echo "new-worker: $*" >&2; exit 2; }

[ -n "$name" ] || fail "which name?  make new-worker NAME=x"
echo "$name" | grep -Eqx '[a-z][a-z0-9_]{0,31}' ||
    fail "'$name' is not a name: a small letter, then small letters, digits, _"
case $name in
common|proto|ms|msd|worker|supervisor|msctl|template|unit|lib|install)
	fail "'$name' is taken by something else here" ;;
esac
echo "struct $name { int a; } $name;" |
    "${CC:-cc}" -x c -fsyntax-only - 2>/dev/null ||
    fail "'$name' means something in C"
for path in "workers/$name" "proto/msg/$name.h" "proto/msg/$name.c" \
    "t/unit/$name"; do
	[ ! -e "$path" ] || fail "$path exists already"
done

upper=$(echo "$name" | tr '[:lower:]' '[:upper:]')
fill() { # TEMPLATE FILE
	mkdir -p "$(dirname "$2")"
	sed -e "s/@name@/$name/g" -e "s/@NAME@/$upper/g" \
	    "workers/template/$1" >"$2"
	case $2 in
	# a name of another length breaks lines elsewhere
	*.[ch])	! command -v clang-format >/dev/null || clang-format -i "$2" ;;
	esac
	echo "  $2"
}
fill build.mk.in "workers/$name/build.mk"
fill main.c.in   "workers/$name/main.c"
fill name.h.in   "workers/$name/$name.h"
fill name.c.in   "workers/$name/$name.c"
fill msg.h.in    "proto/msg/$name.h"
fill msg.c.in    "proto/msg/$name.c"
fill test.c.in   "t/unit/$name/test_$name.c"

table=proto/msg_table.c
sed -i -e "s|^#include \"proto/msg/worker.h\"|#include \"proto/msg/$name.h\"\n&|" \
    -e "s|^\t&msg_worker_health,|\t\&msg_${name}_greet,\n&|" $table
grep -q "&msg_${name}_greet," $table || fail "$table has another shape now"
! command -v clang-format >/dev/null || clang-format -i $table
echo "  $table"
cat <<END

next:  make && make build/release/t/unit/$name/test_$name
       to run it under msd, add to the configuration:
           [worker $name]
           command = ms-$name
           ready = notify
END
