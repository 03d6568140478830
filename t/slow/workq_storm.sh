#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# t/integration/workq_races.sh with two million steps, some minutes.
cd "$(dirname "$0")/../.." || exit 2
WORKQ_STORM=2000000 CK_DEFAULT_TIMEOUT=1200 exec sh t/integration/workq_races.sh
