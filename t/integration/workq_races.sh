#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The work queues and their deque under the thread sanitizer: everything their
# unit tests do, and a storm of submitting, cancelling and recalling.
#   WORKQ_STORM=N   steps of the storm (t/slow/workq_storm.sh takes more)
cd "$(dirname "$0")/../.." || exit 2
export WORKQ_STORM="${WORKQ_STORM:-20000}" CK_DEFAULT_TIMEOUT="${CK_DEFAULT_TIMEOUT:-60}"
export TSAN_OPTIONS="halt_on_error=1 exitcode=66"
tests='t/unit/common/test_deque t/unit/common/test_workq'
for t in $tests; do
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -j2 MODE=tsan \
	    "build/tsan/$t" 2>/dev/null ||
	    { echo "FAIL: no tsan build of $t"; exit 1; }
	"build/tsan/$t" || { echo "FAIL: $t"; exit 1; }
done
