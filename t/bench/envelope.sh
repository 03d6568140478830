#!/bin/sh
# What one event costs the codec, without any process.
exec "${B:-build/release}/t/bench/bench_envelope"
