#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# MAINPID: a worker may go on in another of its processes, and only in its own.
. t/lib/story.sh
story_begin
C=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
[worker victim]
command = $C note:$dir/victim say:READY=1
ready = notify
[worker forks]
command = $C child:main await:$dir/never
backoff = 0ms..0ms
[worker daemon]
command = $C on:RTMIN+1:orphan:main on:RTMIN+2:exit:0 say:READY=1
ready = notify
backoff = 0ms..0ms
[worker leaves]
command = $C say:READY=1 on:RTMIN+1:heir
ready = notify
backoff = 0ms..0ms
[worker liar]
command = $C say:READY=1 on:RTMIN+1:say:MAINPID=1 on:RTMIN+2:say:MAINPID=0 \
    on:RTMIN+3:say:MAINPID=-1 on:RTMIN+4:say:MAINPID=two \
    'on:RTMIN+5:say:STATUS=lied' on:RTMIN+6:sayfd:1:MAINPIDFD=1 \
    on:RTMIN+7:sayfd:2:MAINPIDFD=1
ready = notify
[worker foreign]
command = /bin/sh $dir/foreign
ready = notify
requires = victim
CONF
cat >"$dir/foreign" <<RUN
exec $C say:READY=1 say:MAINPID=\$(cut -d' ' -f2 "$dir/victim") say:MAINPID=$$ say:STATUS=lied
RUN
start_msd "$dir/ms.conf"
await_ready liar
first_of() { ps -o pid= --ppid "$msd" | tr -d ' ' | tr '\n' ' '; }

# the parent stays, a child is the main process: only its parent learns how it died
await "the child is the main process" 10 '[ -n "$(pid_of forks)" ] && grep -q "main process.*name=forks.*pid=$(pid_of forks)" "$dir/msd.out"'
main=$(pid_of forks)
expect "it is not msd's child" 'case " $(first_of) " in *" $main "*) false ;; esac'
kill -KILL "$main"
await_other_pid forks "$main"
expect "how is unknown" 'msctl why forks --json | grep -q "\"kind\":\"exit\",\"code\":null,\"signal\":null,\"cause\":\"self\",\"stage\":\"mainpid\""'
msctl why forks >"$dir/why" || fail "why"
expect "people are told so" 'grep -q "only its parent knows" "$dir/why"'
expect "the old family is gone" '[ "$(pgrep -fc "child:main await:$dir/never")" = 2 ]'

# a double fork out of the session; then the first process leaves
first=$(pid_of daemon)
msctl signal daemon RTMIN+1 >/dev/null
await "the orphan is the main process" 10 '[ "$(pid_of daemon)" != "$first" ]'
main=$(pid_of daemon)
kill -s RTMIN+2 "$first" 2>/dev/null || /bin/kill -s RTMIN+2 "$first"
await "the first process has left" 10 '! kill -0 "$first" 2>/dev/null'
expect "the worker lives on" '[ "$(state_of daemon)" = ready ] && [ "$(pid_of daemon)" = "$main" ]'
kill -USR1 "$main"
await_other_pid daemon "$main"
expect "adopted, so its status is known" 'msctl why daemon --json | grep -q "\"signal\":\"USR1\""'
expect "it was a restart" '[ "$(msctl status daemon --json | sed -n "s/.*\"restarts\":\([0-9]*\).*/\1/p")" = 1 ]'

# says it and leaves within the same moment: the word comes before the death
first=$(pid_of leaves)
msctl signal leaves RTMIN+1 >/dev/null
await "the child took over" 10 '[ "$(pid_of leaves)" != "$first" ] && [ -n "$(pid_of leaves)" ]'
await "the parent is gone" 10 '! kill -0 "$first" 2>/dev/null'
expect "no restart was needed" 'msctl status leaves --json | grep -q "\"generation\":1,\"restarts\":0"'
main=$(pid_of leaves)
msctl stop leaves --wait >/dev/null || fail "stop leaves"
expect "a stop reaches the new main" '! kill -0 "$main" 2>/dev/null'

# what is no process of its own
pid=$(pid_of liar)
for n in 1 2 3 4 6 7 5; do msctl signal liar RTMIN+$n >/dev/null; done
await "it has lied" 10 'msctl status liar --json | grep -q lied'
expect "nobody believed it" '[ "$(pid_of liar)" = "$pid" ]'
expect "said once" '[ "$(grep -c "MAINPID refused.*name=liar" "$dir/msd.out")" = 1 ]'
await "the other one has lied, too" 10 'msctl status foreign --json | grep -q lied'
expect "another worker's process is not its own" \
    '[ "$(pid_of victim)" = "$(cut -d" " -f2 "$dir/victim")" ] && [ "$(pid_of foreign)" != "$(pid_of victim)" ]'
expect "refused" '[ "$(grep -c "MAINPID refused.*name=foreign" "$dir/msd.out")" = 1 ]'
story_end
