#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints N realistic agent events as CloudEvents, one JSON object a line:
# what a fleet of agents says while it works on tasks.  The same N gives the
# same bytes; ids are unique; the events of a task share a correlation id.
#
#   t/data/make-agents.sh 100000 > t/data/agents.ndjson
set -eu

case ${1:-} in
'' | *[!0-9]* | 0)
	echo "usage: $0 N   (how many events)" >&2
	exit 2
	;;
esac

exec awk -v n="$1" '
# Our own dice: every awk rolls the same (Park and Miller).
function chance() {
	seed = seed * 16807 % 2147483647
	return seed / 2147483647
}

function pick(list, size) { return list[int(chance() * size)] }

# One line.  kind: the last two tokens of the subject; data: its payload.
function say(agent, kind, data) {
	ms = i * 37
	s = int(ms / 1000)
	printf "{\"specversion\":\"1.0\"," \
	    "\"id\":\"0194661a-%04x-7000-8000-%012x\"," \
	    "\"source\":\"/agent/%s\",\"type\":\"%s\"," \
	    "\"subject\":\"agent.%s.%s\"," \
	    "\"time\":\"2026-01-%02dT%02d:%02d:%02d.%03dZ\"," \
	    "\"correlationid\":\"0194661a-0000-7000-9000-%012x\"," \
	    "\"partitionkey\":\"%s\",\"data\":%s}\n",
	    int(i / 65536), i, agent, kind, agent, kind,
	    15 + int(s / 86400) % 16, int(s / 3600) % 24, int(s / 60) % 60,
	    s % 60, ms % 1000, cor[agent], agent, data
	i++
}

# What an agent does next, given how far its task is.
function act(agent,    step) {
	step = at[agent]++
	if (step == 0) {
		cor[agent] = ++tasks
		say(agent, "task.assigned", "{\"task\":\"" pick(goal, goals) "\"}")
	} else if (step >= steps[agent]) {
		if (chance() < 0.06)
			say(agent, "task.failed", "{\"error\":\"" pick(error, errors) "\"}")
		else
			say(agent, "task.completed", "{\"tokens\":" int(chance() * 9000) \
			    ",\"ms\":" int(chance() * 90000) "}")
		at[agent] = 0
		steps[agent] = 2 + 2 * int(chance() * 6)
	} else if (chance() < 0.2) {
		say(agent, "message.sent", "{\"to\":\"" pick(name, names) \
		    "\",\"bytes\":" int(chance() * 4000) "}")
	} else if (chance() < 0.5) {
		say(agent, "tool.called", "{\"tool\":\"" pick(tool, tools) "\"}")
	} else {
		say(agent, "tool.returned", "{\"tool\":\"" pick(tool, tools) \
		    "\",\"ok\":" (chance() < 0.9 ? "true" : "false") \
		    ",\"ms\":" int(chance() * 4000) "}")
	}
}

BEGIN {
	seed = 8
	roles = split("planner coder critic reader tester", role, " ")
	tools = split("shell search fetch edit pytest sql", tool, " ")
	goals = split("triage review build summarise migrate", goal, " ")
	errors = split("timeout refused budget tool_failed", error, " ")
	# split counts from 1, pick from 0
	tool[0] = tool[tools]; goal[0] = goal[goals]; error[0] = error[errors]
	for (r = 1; r <= roles; r++)
		for (k = 1; k <= 8; k++)
			name[names++] = role[r] "-" k
	for (a = 0; a < names && i < n; a++) {
		cor[name[a]] = ++tasks
		steps[name[a]] = 4
		at[name[a]] = 0
		say(name[a], "lifecycle.started", "{\"pid\":" 1000 + a ",\"generation\":1}")
	}
	while (i < n)
		act(pick(name, names))
}'
