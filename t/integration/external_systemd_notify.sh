#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A shell script that speaks through systemd-notify: a child says READY=1 for it
# and is not let go (BARRIER=1) before that has been heard.
. t/lib/story.sh
command -v systemd-notify >/dev/null || { echo "skipped: no systemd-notify"; exit 0; }
story_begin
cat >"$dir/agent" <<'SH'
#!/bin/sh
trap 'systemd-notify STOPPING=1 --status="tidying up"; exit 0' TERM
systemd-notify --status="warming up" || exit 3
until [ -e "$STORY_DIR/go" ]; do sleep 0.05; done
systemd-notify --ready --status="at work" || exit 4
# told and heard: msd knows it before the next line runs
"$MSCTL" status agent --json >"$STORY_DIR/seen"
touch "$STORY_DIR/told"
while :; do sleep 0.05; done
SH
chmod 755 "$dir/agent"
write_conf "$dir/ms.conf" <<CONF
[worker agent]
command = $dir/agent
env = MSCTL=$PWD/$B/msctl
ready = notify
[worker quiet]
# a child in its own name; systemd-notify of root speaks in that of its parent
command = $PWD/$B/t/probes/chaos notifyfd
ready = notify
notify_access = main
start_timeout = 500ms
restart = temporary
after = agent
[supervisor root]
on_initial_failure = retry
CONF
start_msd "$dir/ms.conf"
await "its status is shown" 10 'msctl status agent | grep -q "warming up"'
expect "a status is not READY" '[ "$(state_of agent)" = starting ]'
touch "$dir/go"
await_ready agent
await "systemd-notify has returned" 10 '[ -e "$dir/told" ]'
expect "READY was heard before it returned" 'grep -q "\"state\":\"ready\"" "$dir/seen"'
expect "the status is the new one" 'msctl status agent | grep -q "at work"'
await "notify_access = main hears the main process only" 10 \
    'msctl why quiet --json | grep -q "\"kind\":\"start_timeout\""'
msctl stop agent --wait >/dev/null || fail "stop"
expect "it ended by itself" 'msctl why agent | grep -q "exit code 0, by operator"'
story_end
