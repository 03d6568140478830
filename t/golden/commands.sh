# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034  # before, mask_more and width are read by show
# Every verb of msctl; t/integration/golden.sh runs this.  NAME is the verb with
# dashes, then .VARIANT where there are several.
last_seq() { msctl events --json | tail -n 1 | sed 's/.*"seq":\([0-9]*\).*/\1/'; }

# ---- looking -------------------------------------------------------------------
show tree 'ctl tree'
show status 'ctl status'
show status.all 'ctl status --all'
show status.one 'ctl status planner'
show status.two 'ctl status planner broken'
show status.missing 'ctl status plannr'
show why 'ctl why broken'
show why.never 'ctl why planner'
show why.all 'ctl why broken --all'
width=$any_width
show logs 'ctl logs planner broken'
show health 'ctl health'
show metrics 'ctl metrics ms_worker_wanted'
show metrics.prom 'ctl metrics ms_worker_ready -w planner -o prom'
show metrics.missing 'ctl metrics no_such_name'
width=$any_width
show metrics.mistake 'ctl metrics -o xml'
mask_more="$numbers;s/N[smhd]*ms/T/g;s/for N[a-z]*/for T/;s/NG free/NM free/"
show health.deep 'ctl health config --deep'
show show 'ctl show planner'
show count 'ctl count'
show count.all 'ctl count --all'
show check "ctl check $dir/ms.conf"
printf '[worker x]\ncomand = true\n' >"$dir/bad.conf"
width=$any_width
show check.bad "ctl check $dir/bad.conf"
show check.get "ctl check $dir/ms.conf --get pool.main.size"
show version 'ctl version'
show help 'ctl help'
show help.verb 'ctl help stop'
show help.mistake 'ctl stpo planner'
show plan 'ctl plan'

# of what does not depend on the machine
show doctor 'ctl doctor configuration.guardian configuration.migrate \
    configuration.include running.workers running.restarts -v'
chmod 666 "$dir/ms.conf"
width=$any_width # where the path makes it break is chance
show doctor.finding 'ctl doctor permissions.configuration | tr -s "\n " " "'
chmod 644 "$dir/ms.conf"
show doctor.unknown 'ctl doctor disc'
show report "ctl report | sed -n 's/^  \(\"[a-z]*\"\).*/\1/p'"

took='s/\(TIME  *\)[0-9]*/\1N/'

# Percentiles, rates and sizes are there or not: a figure or a dash is N.
figures='s/^bus  [a-z].*/bus  .../;s/AGE\|N MiB/N/g
    s/ [0-9][0-9.]*[kM%]*\( [um]s\| s\| KiB\)*/ N/g;s/ -\( \|$\)/ N\1/g
    s/:\(null\|[0-9][0-9.e-]*\)/:N/g'
# ---- the services --------------------------------------------------------------
width=$any_width
show bus-pub "ctl bus pub golden.a.made --data '{\"n\":1}'"
width=$any_width
show bus-tail 'ctl bus tail "golden.>" -n 1'
width=$any_width
show bus-tail.data 'ctl bus tail "golden.>" -n 1 --data'
width=$any_width
show bus-sub '(until [ -s "$dir/sub" ]; do
	msctl bus pub golden.b.made --data true >/dev/null; done) &
    feeder=$!
    ctl bus sub "golden.b.*" -n 1 --data | tee "$dir/sub"
    wait $feeder; : >"$dir/sub"'
mask_more="$numbers;s/^\(persist  \)[a-z]*/\1STATE/;s/waiting\":[a-z]*/waiting\":BOOL/"
show bus-stats 'ctl bus stats'
printf '{"specversion":"1.0","id":"order-4711","source":"/shop","type":"order.paid","subject":"golden.o.paid"}\n' |
    msctl bus pub >/dev/null
mask_more=$numbers
show bus-trace 'ctl bus trace order-4711'
width=$any_width
show bus-trace.missing 'ctl bus trace order-4712'
mask_more=$numbers
show bus-streams 'ctl bus streams'
mask_more=$numbers
show bus-consumers 'ctl bus consumers'
mask_more=$numbers
show bus-dlq 'ctl bus dlq'
show config-get 'ctl config get pool.main.size'
show config-get.missing 'ctl config get pool.main.seize'
show config-list 'ctl config list log'
mask_more='s/\(keys[": ]*\)[0-9][0-9]*/\1N/'
show config-status 'ctl config status'
show config-check 'ctl config check'
show config-watchers 'ctl config watchers'
show pool-status 'ctl pool status'
times="$numbers;s/N [mu]*s/N T/g"
mask_more=$times
show pool-stats 'ctl pool stats'
mask_more=$times
show queues 'ctl queues'
mask_more=$took
show db-migrate-status 'ctl db migrate status'
mask_more=$took
show db-migrate-up 'ctl db migrate up'

# ---- for monitoring systems ----------------------------------------------------
mask_more=$numbers width=$any_width
show probe-bus 'ctl probe bus'
mask_more=$numbers width=$any_width
show probe-pool 'ctl probe pool'
mask_more=$numbers width=$any_width
show probe-persist 'ctl probe persist'
mask_more=$numbers width=$any_width
show probe-config 'ctl probe config'
mask_more=$numbers width=$any_width
show probe-disk 'ctl probe disk'
mask_more=$numbers width=$any_width
show probe-audit 'ctl probe audit'
show probe-certs 'ctl probe certs /nowhere/at/all'
width=$any_width
show probe-bus.mistake 'ctl probe bus -w x'
mask_more=$numbers width=$any_width
show probe-config.prom 'ctl probe config -o prom'

mask_more=$figures
show top 'ctl top -d 100ms --sort name'
mask_more=$figures
show top.bus 'ctl top bus -d 100ms'
mask_more=$figures
show top.pools 'ctl top pools -d 100ms'
show metrics.sla 'ctl metrics ms_sla_breached'

# ---- acting --------------------------------------------------------------------
stop='msctl stop planner --wait'
start='msctl start planner --wait'
show stop 'ctl stop planner --wait'
before=$stop
show start 'ctl start planner --wait'
show start.running 'ctl start planner --wait'
before=$start
show stop.partial 'ctl stop planner nobody --wait'
before=$start
show restart 'ctl restart planner --wait'
show kill 'ctl kill planner --wait'
before=$start
show signal 'ctl signal planner WINCH'
show wait 'ctl wait planner'
show wait.timeout 'ctl wait planner --state down --timeout 1ms'
before='msctl stop planner --wait
    until msctl events --json | tail -n 1 | grep -q exited; do :; done
    seq=$(last_seq); msctl start planner --wait'
mask_more='s/ after_ms[=…].*//;s/  *[0-9][0-9]* HH/ SEQ HH/;s/\(generation[":=]*\)[0-9]*/\1N/'
show events 'ctl events --from $((seq + 1))'
printf '[worker guest]\nsupervisor = agents\ncommand = sleep 1000\n' \
    >"$dir/guest.conf"
before='msctl stop guest --wait; msctl remove guest'
show add "ctl add $dir/guest.conf"
before='msctl stop guest --wait; msctl add $dir/guest.conf; msctl stop guest --wait'
show remove 'ctl remove guest'
show scale 'ctl scale agent 2 --wait'
before='msctl scale agent 0 --wait'
mask_more='s/agent@[0-9]*/agent@N/g'
show spawn 'ctl spawn agent'
msctl scale agent 0 --wait >/dev/null
show reload 'ctl reload'
show reexec 'ctl reexec'
mask_more=
await_ready persist

# ---- the end -------------------------------------------------------------------
# of a small msd beside this one, which is there again for each form
mkdir "$dir/small"
printf '[msd]\nrun_dir = %s\nlog_dir = %s\nstate_dir = %s\n' "$dir/small" \
    "$dir/small" "$dir/small" >"$dir/small/ms.conf"
before='"$B/msd" -c "$dir/small/ms.conf" >/dev/null 2>&1 &
    until msctl --run-dir "$dir/small" tree; do :; done'
show shutdown 'ctl --run-dir "$dir/small" shutdown --wait'
width=$any_width
show unreachable 'ctl --run-dir "$dir/small" tree'
