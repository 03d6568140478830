#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Orders in any order, from twelve seeds.
for seed in 11 12 13 14 15 16 17 18 19 20 21 22; do
	T_SEED=$seed "${B:-build/release}/t/integration/otp/test_any_order" ||
	    { echo "repeat it with T_SEED=$seed"; exit 1; }
done
