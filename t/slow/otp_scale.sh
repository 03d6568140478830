#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The cases about number, time and memory, with ten times as many workers.
export T_SCALE=10
otp=${B:-build/release}/t/integration/otp
"$otp/test_scale" && "$otp/test_templates"
