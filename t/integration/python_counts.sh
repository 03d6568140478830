#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Python agent counts by libms (ctypes, no binding): its numbers are beside
# ours, and survive kill -9.
. t/lib/story.sh
python=$(command -v python3) && "$python" -c 'import ctypes' 2>/dev/null ||
    { echo "skipped: no Python 3"; exit 0; }
case ${MODE:-release} in *san) echo "skipped: not with a sanitizer's libms"; exit 0 ;; esac
story_begin
cat >"$dir/agent.py" <<'PYTHON'
import ctypes, os, signal, socket, sys

libms = ctypes.CDLL(sys.argv[1])
COUNTER, GAUGE, HISTOGRAM = 1, 2, 3
for f in (libms.ms_metric_add, libms.ms_metric_set, libms.ms_metric_record):
    f.argtypes = [ctypes.c_void_p, ctypes.c_double]
    f.restype = None

def metric(kind, name, help, **labels):
    flat = [text.encode() for pair in labels.items() for text in pair]
    m = ctypes.c_void_p()
    pairs = (ctypes.c_char_p * (len(flat) + 1))(*flat, None)
    if libms.ms_metric(kind, name.encode(), help.encode(), pairs, ctypes.byref(m)):
        raise ValueError(name)
    return m

calls = metric(COUNTER, "llm_calls_total", "Calls of a model.", model="small")
libms.ms_metric_add(calls, 3)
libms.ms_metric_set(metric(GAUGE, "llm_context_bytes", "Context."), 4096)
libms.ms_metric_record(metric(HISTOGRAM, "llm_call_seconds", "Time."), 0.25)
if os.fork() == 0: # as multiprocessing does: counts nowhere
    libms.ms_metric_add(calls, 1000)
    os._exit(0)
os.wait()
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
signal.pause()
PYTHON
write_conf "$dir/ms.conf" <<CONF
[worker agent]
command = $python $dir/agent.py $PWD/$B/libms.so
ready = notify
backoff = 1ms..1ms
start_timeout = 60s
CONF
start_msd "$dir/ms.conf"
await_ready agent
numbers() { msctl metrics llm -o prom; }
expect "the counter is there" \
    'numbers | grep -q "^llm_calls_total{worker=\"agent\",model=\"small\"} 3$"'
expect "the gauge is there" \
    'numbers | grep -q "^llm_context_bytes{worker=\"agent\"} 4096$"'
expect "the histogram is there, in seconds" \
    'numbers | grep -q "^llm_call_seconds_sum{worker=\"agent\"} 0.25$"'
old=$(pid_of agent)
kill -KILL "$old"
await_other_pid agent "$old"
expect "the next life counts on" \
    'numbers | grep -q "^llm_calls_total{worker=\"agent\",model=\"small\"} 6$"'
story_end
