/* SPDX-License-Identifier: Apache-2.0 */
/* Every verb of msctl: how it is called, what does it, what help says. */
#include <stdio.h>

#include "supervisor/msctl/verbs.h"

const char ctl_globals[] = "[-s|--socket SOCKET] [--run-dir DIR] [--json] "
			   "[-h|--help] [-V|--version]";

/* clang-format off */
#define PROBE_OPTIONS "[-w|--warning RANGE] [-c|--critical RANGE] " \
	"[-t|--timeout D] [-o|--output RESULT]"
#define PROBE_RANGES \
	"  -w, -c RANGE  warning and critical: 10 (above), 10: (below),\n" \
	"                10:20 (outside), @10:20 (inside)"
#define PROBE_HELP \
	"  --timeout D   seconds, or 500ms, 2m; then CRITICAL (10s)\n" \
	"  -o RESULT     nagios, json, prom\n" \
	"Exit code 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n\n"

const struct command ctl_commands[] = {
	{ "", NULL, "Looking", NULL },
	{ "tree", do_tree,
	    "the supervision tree: states, pids, uptime, memory", NULL },
	{ "status [NAME...] [-a|--all] [--lsb]", do_status,
	    "one line for each worker; one NAME: a card",
	    "  -a, --all   supervisors too\n"
	    "  --lsb       exit codes of init scripts: 0 running, 1 dead with a\n"
	    "              pid file, 3 not running, 4 unknown; prints nothing\n\n"
	    "  msctl status\n"
	    "  msctl status bus --json\n" },
	{ "why NAME [-a|--all]", do_why,
	    "how it died last, what was done, what comes next",
	    "  -a, --all   every death that msd remembers (32), as a table\n\n"
	    "  msctl why persist\n" },
	{ "show NAME", do_show,
	    "a worker's settings, defaults included", NULL },
	{ "count [NAME] [-a|--all]", do_count,
	    "children as OTP counts them: specs, active, ...",
	    "  -a, --all   of the whole tree\n" },
	{ "logs NAME... [-f|--follow] [-n|--lines N]", do_logs,
	    "the last lines of workers' logs, rotated files too",
	    "  -f, --follow   go on as lines come, across rotations\n"
	    "  -n, --lines N  how many lines first (20)\n\n"
	    "  msctl logs bus -f\n"
	    "  msctl logs pool -n 100\n" },
	{ "events [-f|--follow] [--from N]", do_events,
	    "what msd did, numbered",
	    "  -f, --follow   go on as things happen, also when msd is replaced\n"
	    "  --from N       from number N on, included; what is not kept any\n"
	    "                 more is named\n\n"
	    "  msctl events -f\n"
	    "  msctl events --from 120 --json\n" },
	{ "health [NAME] [--deep] [--timeout D]", do_health,
	    "is everything ready, does every service answer?",
	    "A worker is not alive when a signal has stopped it or one turn of\n"
	    "its loop takes longer than 3s; an idle one is.  Exit code 1 when\n"
	    "something that should be up is degraded or has failed.\n\n"
	    "  NAME         a worker or a supervisor with all below it\n"
	    "  --deep       each worker looks at what it needs (disk, database,\n"
	    "               upstreams, ...), each check within its budget\n"
	    "  --timeout D  for all answers together (500ms, --deep 2s)\n\n"
	    "  msctl health\n"
	    "  msctl health core --deep\n" },
	{ "top [VIEW] [-d|--delay D] [-n|--count N] [--sort ORDER] "
	  "[--replay]",
	    do_top,
	    "workers, bus and pools at work, on one screen",
	    "VIEW is workers, bus or pools.  Read from the files that the\n"
	    "workers count in and from msd: the bus may be away.  Keys: q ends,\n"
	    "w b p choose the view, c m r n sort workers by cpu, memory,\n"
	    "restarts, name; space looks now.  With --replay space pauses and\n"
	    "arrows step.\n\n"
	    "  -d, --delay D  between two looks, in seconds or 500ms (2s; 1s\n"
	    "                 with --replay)\n"
	    "  -n, --count N  end after N looks (1 when it is no terminal)\n"
	    "  --sort ORDER   cpu, memory, restarts, name\n"
	    "  --replay       the last hour, as ms-metrics has written it down\n\n"
	    "  msctl top\n"
	    "  msctl top bus -n 1\n"
	    "  msctl top --replay -n 6 --json\n" },
	{ "metrics [PATTERN] [-f|--follow] [-w|--worker NAME] "
	  "[-o|--output FORMAT]", do_metrics,
	    "the numbers of all workers, also when they are dead",
	    "PATTERN is a part of a name, or has * and ?.  Read from the files\n"
	    "that the workers count in: it needs neither ms-metrics nor msd.\n\n"
	    "  -f, --follow         again every second, with what changes\n"
	    "  -w, --worker NAME    only of this worker\n"
	    "  -o, --output FORMAT  table, prom (Prometheus text),\n"
	    "                       openmetrics, json\n\n"
	    "  msctl metrics requests -f\n"
	    "  msctl metrics 'ms_bus_*' -o prom\n" },
	{ "queues", do_queues,
	    "work queues: depth, waiting and running times",
	    "Of each thread pool (compute, io, blocking) of each worker that has\n"
	    "used one.\n\n"
	    "  msctl queues\n"
	    "  msctl queues --json\n" },
	{ "doctor [CHECK...] [-c|--config FILE] [-v|--verbose] [--min-free PCT] "
	  "[--list]", do_doctor,
	    "what is wrong here, and what mends it",
	    "Looks at the machine, the configuration and what runs; changes\n"
	    "nothing.  Works while msd is down, and without root as far as that\n"
	    "may look.  Each finding has its remedy, to be pasted.  Exit code 0:\n"
	    "nothing above ok; 1: warnings or errors.\n\n"
	    "  CHECK              only this one, or this group (--list)\n"
	    "  -c, --config FILE  the configuration, while msd is down\n"
	    "                     (/etc/ms/ms.conf)\n"
	    "  -v, --verbose      also what is in order\n"
	    "  --min-free PCT     warn when less of a disk is free (10), an\n"
	    "                     error below a quarter of it\n"
	    "  --list             the checks\n\n"
	    "  msctl doctor\n"
	    "  msctl doctor disk permissions -v\n" },
	{ "report [-c|--config FILE]", do_report,
	    "all that is known here as one JSON, for a ticket",
	    "Versions, host, tree with last exits, what the doctor found, health,\n"
	    "bus, pools, persistence, configuration, limits, numbers.  Values of\n"
	    "the configuration, output of workers and passwords are not in it.\n\n"
	    "  -c, --config FILE  the configuration, while msd is down\n\n"
	    "  msctl report >report.json\n"
	    "  msctl report -c etc/ms.conf\n" },

	{ "", NULL, "For monitoring systems", NULL },
	{ "probe bus " PROBE_OPTIONS, do_probe_bus,
	    "the bus, as a Nagios plugin",
	    "Its own checks (log, disk, consumers, msd); the thresholds are\n"
	    "about the events that the slowest consumer is behind.\n\n"
	    PROBE_RANGES "\n" PROBE_HELP "  msctl probe bus -w 10000 -c 100000\n"
	    "  msctl probe bus -o prom\n" },
	{ "probe pool " PROBE_OPTIONS, do_probe_pool,
	    "the pools, as a Nagios plugin",
	    "Upstreams and lists; the thresholds are about waiting clients.\n\n"
	    PROBE_RANGES "\n" PROBE_HELP "  msctl probe pool -w 5 -c 50\n"
	    "  msctl probe pool --timeout 2\n" },
	{ "probe persist " PROBE_OPTIONS, do_probe_persist,
	    "the writer and its database, as a Nagios plugin",
	    "Database, migrations, bus; the thresholds are about the events\n"
	    "that are not stored yet.\n\n"
	    PROBE_RANGES "\n" PROBE_HELP "  msctl probe persist -w 1000 -c 50000\n"
	    "  msctl probe persist -o json\n" },
	{ "probe config " PROBE_OPTIONS, do_probe_config,
	    "the configuration, as a Nagios plugin",
	    "Is the file what is in force, is its generation kept?  The\n"
	    "thresholds are about the errors of the last refused file.\n\n"
	    PROBE_RANGES "\n" PROBE_HELP "  msctl probe config\n"
	    "  msctl probe config -c 0\n" },
	{ "probe disk [DIR...] " PROBE_OPTIONS, do_probe_disk,
	    "room for state, logs and sockets, as a Nagios plugin",
	    "Of the directories of msd, or those named; the thresholds are\n"
	    "about percent used.\n\n"
	    PROBE_RANGES " (90, 95)\n" PROBE_HELP "  msctl probe disk\n"
	    "  msctl probe disk -w 80 -c 90 /var/lib/ms /var/log/ms\n" },
	{ "probe certs [DIR] " PROBE_OPTIONS, do_probe_certs,
	    "how long certificates are good, as a Nagios plugin",
	    "Every .pem, .crt and .cert below DIR (/etc/ms/certs), or one\n"
	    "file; the thresholds are about days left.  None: OK.\n\n"
	    PROBE_RANGES " (21:, 7:)\n" PROBE_HELP "  msctl probe certs\n"
	    "  msctl probe certs -w 30: -c 10: /etc/ssl/own\n" },
	{ "probe audit " PROBE_OPTIONS, do_probe_audit,
	    "the trail of events, as a Nagios plugin",
	    "As far as it goes today: the bus's log is whole and synced, the\n"
	    "event store follows it, the configuration's generation is kept.\n"
	    "Chains of hashes are not there yet.  The thresholds are about\n"
	    "the events that are not stored yet.\n\n"
	    PROBE_RANGES "\n" PROBE_HELP "  msctl probe audit\n"
	    "  msctl probe audit -c 100000\n" },

	{ "", NULL, "Workers", NULL },
	{ "start NAME... [-w|--wait] [--timeout D]", do_start,
	    "start workers that are down",
	    "  -w, --wait     until they are ready or have failed\n"
	    "  --timeout D    how long to wait (30s)\n\n"
	    "  msctl start redis --wait\n"
	    "  msctl start pool persist --wait --timeout 1m\n" },
	{ "stop NAME... [-w|--wait] [--timeout D]", do_stop,
	    "stop workers with all their processes; they stay down",
	    "  -w, --wait     until they are gone\n"
	    "  --timeout D    how long to wait (30s)\n\n"
	    "  msctl stop persist --wait\n" },
	{ "restart NAME... [-w|--wait] [--timeout D]", do_restart,
	    "stop and start workers",
	    "  -w, --wait     until they are ready again\n"
	    "  --timeout D    how long to wait (30s)\n\n"
	    "  msctl restart bus --wait\n" },
	{ "kill NAME... [-w|--wait] [--timeout D]", do_kill,
	    "kill workers at once; like stop, they stay down",
	    "  -w, --wait     until nothing of them is left\n"
	    "  --timeout D    how long to wait (30s)\n\n"
	    "  msctl kill bus\n" },
	{ "signal NAME SIGNAL", do_signal,
	    "send a signal to a worker's main process",
	    "  msctl signal persist USR1\n" },
	{ "wait NAME [--state STATE] [--timeout D]", do_wait,
	    "until a worker is in a state",
	    "  --state STATE  ready (when not given), down, ...\n"
	    "  --timeout D    exit code 150 after that (30s)\n\n"
	    "  msctl wait bus --state ready --timeout 10s\n" },
	{ "add FILE [--timeout D]", do_add,
	    "add a worker: FILE has its [worker NAME], - is stdin",
	    "Returns when it is ready; a worker whose first start fails is\n"
	    "forgotten.  It is kept until msd ends or `remove`.\n\n"
	    "  --timeout D  how long to wait (30s)\n\n"
	    "  msctl add agent-7.conf\n" },
	{ "remove NAME", do_remove,
	    "forget a worker that is not running",
	    "  msctl stop agent-7 --wait && msctl remove agent-7\n" },
	{ "scale TEMPLATE N [-w|--wait] [--timeout D]", do_scale,
	    "run N instances of a template",
	    "The newest go first when there are more.  Instances last until msd\n"
	    "ends or they are stopped: a stopped one is forgotten.\n\n"
	    "  -w, --wait     until all are ready and the others gone\n"
	    "  --timeout D    how long to wait (30s)\n\n"
	    "  msctl scale agent 20 --wait\n" },
	{ "spawn TEMPLATE [ARG...] [--timeout D]", do_spawn,
	    "run one more instance, with arguments of its own",
	    "Returns when it is ready, with its name.  Arguments that begin\n"
	    "with a dash go behind --.\n\n"
	    "  msctl spawn agent -- --goal 'tidy up'\n" },

	{ "", NULL, "The whole tree", NULL },
	{ "reload [--dry-run] [--specs-only]", do_reload,
	    "read the configuration again and change what differs",
	    "  --dry-run     only say what would change, as `plan` does\n"
	    "  --specs-only  change what workers are told, not what runs: new\n"
	    "                ones are not started, missing ones are kept, changed\n"
	    "                commands hold from the next start on (OTP's\n"
	    "                code_change)\n" },
	{ "plan [--specs-only]", do_plan,
	    "what a reload would add, stop, restart and leave", NULL },
	{ "check FILE [--get KEY]", do_check,
	    "is this configuration file good?  (asks nobody)",
	    "Prints every error with file, line and column; exit code 6.\n"
	    "  --get KEY   prints the value that the file gives a key\n\n"
	    "  msctl check etc/ms.conf\n"
	    "  msctl check etc/ms.conf --get msd.run_dir\n" },
	{ "reexec", do_reexec,
	    "msd replaces its program and keeps every worker",
	    "Ends when the new program has taken over; when it cannot, msd goes\n"
	    "on as it was and the reason is printed.\n" },
	{ "shutdown [-w|--wait] [--timeout D]", do_shutdown,
	    "stop everything in order, and msd itself",
	    "  -w, --wait     until msd is gone\n"
	    "  --timeout D    how long to wait (60s)\n" },

	{ "", NULL, "The bus", NULL },
	{ "bus pub [SUBJECT] [--file FILE] [--data JSON] [--type T] "
	  "[--durability D] [--rate N] [--traceparent T] [--unit] "
	  "[--stream NAME] [--last-seq N] [--last-subject-seq N] "
	  "[--mandatory] [--ttl D]", do_bus_pub,
	    "publish events",
	    "Without --file and --data, events are read from standard input.\n"
	    "Each line is a CloudEvent (an object with specversion) or a bare\n"
	    "JSON value, which needs SUBJECT.  A file with a bad line is not\n"
	    "published at all: exit code 6, every bad line is named.\n\n"
	    "  --file FILE     one event a line\n"
	    "  --data JSON     one event\n"
	    "  --type T        type of bare values (the subject)\n"
	    "  --durability D  accepted, written (survives kill -9 of every\n"
	    "                  process; this is the default), synced (survives\n"
	    "                  power loss)\n"
	    "  --rate N        at most N events a second\n"
	    "  --traceparent T the trace (W3C) of events that name none\n"
	    "  --unit          all or none, in one stream; 1000 events at most.\n"
	    "                  Each of the following means this, too:\n"
	    "  --stream NAME   only if this is their stream\n"
	    "  --last-seq N    only if N is the last sequence of the stream\n"
	    "  --last-subject-seq N\n"
	    "                  only if N is the last one of their subject (0:\n"
	    "                  there is none yet)\n"
	    "  --mandatory     only if a consumer or a live subscriber is there\n"
	    "  --ttl D         not worth anything any more after this time\n\n"
	    "  msctl bus pub agent.planner-1.started --data '{\"host\":\"a\"}'\n"
	    "  msctl bus pub --file events.ndjson\n"
	    "  msctl bus pub order.7.paid --data 1 --last-subject-seq 41\n" },
	{ "bus sub PATTERN [-n|--count N] [--data]", do_bus_sub,
	    "print events as they come, one JSON line each",
	    "  * stands for one token, a last > for the rest.\n"
	    "  -n, --count N  end after N events\n"
	    "  --data         only the payload\n\n"
	    "  msctl bus sub 'agent.>'\n"
	    "  msctl bus sub 'agent.*.failed' -n 1 --data\n" },
	{ "bus tail [PATTERN] [-n|--count N] [--from SEQ] [-f|--follow] "
	  "[--data] [--stream NAME]", do_bus_tail,
	    "print stored events",
	    "  -n, --count N  the newest N (20)\n"
	    "  --from SEQ     from this sequence on instead\n"
	    "  -f, --follow   go on as events are stored\n"
	    "  --data         only the payload\n"
	    "  --stream NAME  of this stream (main)\n\n"
	    "  msctl bus tail -n 5\n"
	    "  msctl bus tail 'supervision.>' -f\n" },
	{ "bus stats", do_bus_stats,
	    "how full the bus's channels are",
	    "The log beside its retention, the window of duplicates, what waits,\n"
	    "and per consumer its lag and what is in flight of max_ack_pending.\n\n"
	    "  msctl bus stats\n"
	    "  msctl bus stats --json\n" },
	{ "bus trace ID", do_bus_trace,
	    "which events led to which",
	    "ID is an event's id, or a correlation id.  Shows all stored events\n"
	    "of its correlation, each below the one that its causationid names;\n"
	    "AFTER counts from the first one.\n\n"
	    "  msctl bus trace 01936d2e-8a54-7c31-9a9d-3f2f6a1c9b10\n"
	    "  msctl bus trace order-4711 --json\n" },
	{ "bus streams", do_bus_streams,
	    "the logs of the bus, [bus] and each [stream NAME]",
	    "PROMISE is the least that an acknowledgement says there, NOT\n"
	    "SYNCED how many events a power loss could take.\n\n"
	    "  msctl bus streams\n"
	    "  msctl bus streams --json\n" },
	{ "bus consumers", do_bus_consumers,
	    "durable consumers and how far they are",
	    "  msctl bus consumers\n"
	    "  msctl bus consumers --json\n" },
	{ "bus dlq", do_bus_dlq,
	    "what could not be delivered",
	    "Events that a consumer fails on again and again, batches refused\n"
	    "when they were published, damaged parts of the log.  Nothing is\n"
	    "given up yet: an event comes again until it succeeds.\n\n"
	    "  msctl bus dlq\n"
	    "  msctl bus dlq --json\n" },

	{ "", NULL, "Configuration, pools, database", NULL },
	{ "config get KEY", do_config_get,
	    "the value in force of bus.dir, pool.main.size, ...",
	    "  msctl config get pool.main.size\n" },
	{ "config list [PREFIX]", do_config_list,
	    "all values in force, and where they come from",
	    "  msctl config list bus\n" },
	{ "config status", do_config_status,
	    "generation, and the last refused reload",
	    "  msctl config status\n"
	    "  msctl config status --json\n" },
	{ "config check", do_config_check,
	    "judge the file as it is now, without taking it over",
	    "ms-config reads the file again as a reload would; exit code 6 when it\n"
	    "has errors.  `check FILE` does the same for any file, asking nobody.\n\n"
	    "  msctl config check\n"
	    "  msctl config check --json\n" },
	{ "config watchers", do_config_watchers,
	    "who runs with which generation of it",
	    "Exit code 1 when a worker runs with another one.\n\n"
	    "  msctl config watchers\n"
	    "  msctl config watchers --json\n" },
	{ "pool status", do_pool_status,
	    "clients and server connections of each pool",
	    "  msctl pool status\n"
	    "  msctl pool status --json\n" },
	{ "pool stats", do_pool_stats,
	    "how long clients wait for a connection",
	    "Quantiles of the time from a client's startup until it has a server\n"
	    "connection, since the pool exists; read from the numbers that\n"
	    "survive restarts, also while the pool is busy or dead.\n\n"
	    "  msctl pool stats\n"
	    "  msctl pool stats --json\n" },
	{ "db migrate status", do_db_status,
	    "which migrations are applied, which pending", NULL },
	{ "db migrate up", do_db_up,
	    "apply pending migrations", NULL },

	{ "", NULL, "msctl itself", NULL },
	{ "version", do_version,
	    "of msctl and of the msd that runs", NULL },
	{ "help [VERB...]", do_help,
	    "this list, or more about one verb", NULL },
	{ .usage = NULL }
};
/* clang-format on */

static void
add_head(struct buf *out)
{
	buf_add_str(out,
	    "usage: msctl [-s SOCKET] [--json] VERB ...\n\n"
	    "  -s, --socket SOCKET  of msd ($MS_SOCKET, /run/ms/msd.sock)\n"
	    "  --run-dir DIR        of the services and of msd.sock\n"
	    "  --json               stable JSON instead of tables\n"
	    "  -h, --help           also after a verb\n"
	    "  -V, --version\n\n");
}

int
do_help(struct msctl *ctl, const struct args *args)
{
	const struct command *command =
	    grammar_find(ctl_commands, args->pos, args->pos_count);
	struct buf list = { 0 }, out = { 0 };
	char verb[64] = "";
	int code = CTL_OK;

	if (args->pos_count)
		snprintf(verb, sizeof(verb), "%s", args->pos[0]);
	grammar_list(ctl_commands, verb, &list);
	if (command && args->pos_count) {
		grammar_help(command, ctl->look.columns, &out);
	} else if (list.len) {
		if (!verb[0])
			add_head(&out);
		buf_add_slice(&out, buf_slice(&list));
		if (!verb[0])
			buf_add_str(&out,
			    "\n`msctl help VERB` says more.  Exit codes: 0 "
			    "good, 1 failure, 2 usage,\n4 permission, 5 no "
			    "such name, 6 invalid input, 7 msd not reachable,\n"
			    "150 timeout, 151 some failed, 152 conflict, 153 "
			    "refused by a rule.\n");
	} else {
		code =
		    ctl_fail(ctl, "bad_request", "there is no verb '%s'", verb);
	}
	ctl_write(&out);
	buf_fini(&list);
	buf_fini(&out);
	return code;
}
