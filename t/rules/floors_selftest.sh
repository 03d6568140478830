#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plants offences in a tree of its own: t/floors.sh must find each of them, and
# nothing in a clean tree.  Once as a git checkout, once as plain files.
floors=$(cd "$(dirname "$0")/.." && pwd)/floors.sh
tree=$(mktemp -d "${TMPDIR:-/tmp}/ms-floors.XXXXXX") || exit 1
trap 'rm -rf "$tree"' EXIT
failed=0

plant() { # FILE LINE...
	mkdir -p "$tree/$(dirname "$1")"
	file=$1; shift
	printf '%s\n' "$@" >"$tree/$file"
}

clean_tree() {
	rm -rf "${tree:?}"/* "$tree/.git"
	plant common/a.c '#include "common/a.h"' '#include <ev.h>'
	plant common/crypto.c '#include <openssl/sha.h>'
	plant common/json.c '#include <cjson/cJSON.h>'
	plant proto/b.c '#include "common/a.h"' '#include "proto/msg/x.h"'
	plant proto/conf/c.c '#include "proto/conf/c.h"' '#include "proto/b.h"'
	plant proto/client/d.c '#include <nng/nng.h>' '#include "proto/b.h"'
	plant supervisor/e.c '#include "supervisor/e.h"' '#include "proto/b.h"'
	plant supervisor/msctl/f.c '#include "proto/client/ms.h"'
	plant workers/worker.c '#include <nng/nng.h>' '#include "workers/worker.h"'
	plant workers/bus/g.c '#include <nng/nng.h>' '#include "workers/bus/g.h"' \
	    '#include "workers/worker.h"'
	plant workers/pool/pg.c '#include <libpq-fe.h>'
	plant t/unit/bus/h.c '#include "workers/bus/g.h"' '#include <libpq-fe.h>'
	plant build/x.c '#include "nowhere.h"'
	plant .gitignore 'build/'
	if [ "$kind" = git ]; then
		git -C "$tree" init -q
	fi
}

expect_clean() {
	clean_tree
	if ! out=$(sh "$floors" "$tree"); then
		echo "$kind: found in a clean tree:"; echo "$out"
		failed=1
	fi
}

# The offence stands in line 2 of FILE and must be named as FILE:2.
offence() { # FILE INCLUDE
	clean_tree
	plant "$1" '/* an offence: */' "$2"
	if out=$(sh "$floors" "$tree"); then
		echo "$kind: not found: $1: $2"
		failed=1
	elif ! echo "$out" | grep -q "^$1:2: "; then
		echo "$kind: $1:2 is not named in: $out"
		failed=1
	elif [ "$(echo "$out" | wc -l)" -ne 1 ]; then
		echo "$kind: more than one line for $1: $2:"; echo "$out"
		failed=1
	fi
}

for kind in git plain; do
	expect_clean
	offence common/a.c            '#include "proto/b.h"'
	offence common/a.h            '#include "workers/worker.h"'
	offence common/a.c            '#include "a.h"'
	offence common/a.c            '#include "common/../proto/b.h"'
	offence common/a.c            '#include <proto/b.h>'
	offence common/a.c            '  #  include "proto/b.h"'
	offence common/a.c            '#include HEADER'
	offence proto/b.c             '#include "proto/client/ms.h"'
	offence proto/conf/c.c        '#include "proto/client/ms.h"'
	offence proto/b.c             '#include "supervisor/e.h"'
	offence proto/client/d.c      '#include "workers/worker.h"'
	offence supervisor/e.c        '#include "proto/client/ms.h"'
	offence supervisor/e.c        '#include "supervisor/msctl/f.h"'
	offence supervisor/e.c        '#include "workers/worker.h"'
	offence supervisor/msctl/f.c  '#include "workers/bus/g.h"'
	offence supervisor/msctl/f.c  '#include "supervisor/e.h"'
	offence workers/worker.c      '#include "workers/bus/g.h"'
	offence workers/pool/pg.c     '#include "workers/bus/g.h"'
	offence workers/bus/g.c       '#include "supervisor/e.h"'
	offence tools/stray.c         '#include "common/a.h"'
	offence supervisor/e.c        '#include <nng/nng.h>'
	offence workers/pool/pg.c     '#include <nng/nng.h>'
	offence workers/bus/g.c       '#include <openssl/ssl.h>'
	offence workers/bus/g.c       '#include <cjson/cJSON.h>'
	offence proto/client/d.c      '#include <libpq-fe.h>'
	offence workers/bus/g.c       '#include <postgresql/libpq-fe.h>'
	offence common/a.c            '#include <hiredis/hiredis.h>'
done
exit $failed
