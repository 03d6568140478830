#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The cases about time and memory, with ten times as many workers.
T_SCALE=10 exec "${B:-build/release}/t/integration/otp/test_scale"
