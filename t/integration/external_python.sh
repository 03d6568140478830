#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Python agent with multiprocessing: its children, which may ignore TERM, are
# gone when it has been stopped, killed, or has crashed.
. t/lib/story.sh
python=$(command -v python3) && "$python" -c 'import multiprocessing' 2>/dev/null ||
    { echo "skipped: no Python 3"; exit 0; }
story_begin
cat >"$dir/agent.py" <<'PYTHON'
import multiprocessing, os, signal, socket, sys, time

def work(number):
    if number == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(1000)

def ready():
    to = os.environ["NOTIFY_SOCKET"]
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.sendto(b"READY=1\nSTATUS=3 processes", to.replace("@", "\0", 1))

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    pool = [multiprocessing.Process(target=work, args=(n,)) for n in range(3)]
    for p in pool:
        p.start()
    with open(sys.argv[2], "w") as f:
        f.write(" ".join(str(p.pid) for p in pool))
    print("buffered, as it is without PYTHONUNBUFFERED")
    ready()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.pause()
PYTHON
for method in fork spawn forkserver; do
	printf '[worker %s]\ncommand = %s %s %s %s\n' $method "$python" \
	    "$dir/agent.py" $method "$dir/$method.pids"
	printf 'ready = notify\nstop_timeout = 1s\nstart_timeout = 60s\n'
done | write_conf "$dir/ms.conf"
start_msd "$dir/ms.conf"
gone() { # METHOD HOW
	for pid in $pids; do
		expect "$1, $2: child $pid is gone" '! kill -0 $pid 2>/dev/null'
	done
}
for method in fork spawn forkserver; do
	await_ready $method
	pids=$(cat "$dir/$method.pids")
	old=$(pid_of $method)
	kill -9 "$old"
	await_other_pid $method "$old"
	gone $method "crash"
	pids=$(cat "$dir/$method.pids")
	msctl stop $method --wait >/dev/null || fail "stop $method"
	gone $method "stop"
	msctl start $method --wait --timeout 60s >/dev/null || fail "start $method"
	pids=$(cat "$dir/$method.pids")
	msctl kill $method >/dev/null
	msctl wait $method --state down >/dev/null || fail "kill $method"
	gone $method "kill"
done
story_end
