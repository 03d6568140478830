# SPDX-License-Identifier: Apache-2.0
# What holds after every fault, whatever it was.  On top of t/lib/story.sh:
#
#   fault_begin                story_begin, and $chaos, the worker double
#   start_msd CONFIG; baseline the quiet state: descriptors and memory of msd
#   case_ ID WORDS             names the case; printed before it runs
#   invariants                 I1 to I7 below
#   fault_end                  the same once more, and story_end
#
#   I1 no_zombies        none of msd's is older than a second
#   I2 only_the_living   no process of a generation that is over
#   I3 no_growth         descriptors and memory as at the baseline
#   I4 nobody_blocked    no worker hangs in a write to its log
#   I5 responsive        msctl status is quick, during the fault too
#   I6 events_are_whole  no number missing, one exit for each death
#   I7 asleep            nothing wakes msd up (for stories without timers)
. t/lib/story.sh

GROWTH_KIB=${GROWTH_KIB:-1280} # the ring keeps 4,096 events
case $MODE in asan | tsan) QUICK_MS=1000 ;; *) QUICK_MS=${QUICK_MS:-100} ;; esac
case_id=

fault_begin() {
	story_begin
	chaos=$PWD/$B/t/probes/chaos
	kin() { "$B/t/probes/kin" "$dir/run"; }
}

case_() { case_id=$1; echo "$*"; }

skip() { echo "skipped: $*"; }

in_case() { fail "${case_id:+$case_id: }$*"; }

number_of() { # FIELD of /proc/PID/status
	sed -n "s/^$2:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$1/status" 2>/dev/null
}
fds_of() { ls "/proc/$1/fd" 2>/dev/null | wc -l; }

# One line per worker: name state pid-or-null generation restarts.
workers() {
	msctl status --json | awk '{
		gsub(/\{"name":/, "\n{\"name\":")
		n = split($0, part, "\n")
		for (i = 2; i <= n; i++) {
			line = part[i]
			print value("name"), value("state"), value("pid"),
			    value("generation"), value("restarts")
		}
	}
	function value(key,    at, rest) {
		at = index(line, "\"" key "\":")
		rest = substr(line, at + length(key) + 3)
		sub(/^"/, "", rest)
		sub(/[",}].*/, "", rest)
		return rest
	}'
}

is_other() { # NAME PID: it is ready with another pid
	new=$(pid_of "$1")
	[ -n "$new" ] && [ "$new" != "$2" ] && [ "$(state_of "$1")" = ready ]
}

baseline() {
	base_fds=$(fds_of "$msd")
	base_kib=$(number_of "$msd" VmRSS)
}

zombies() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v msd="$msd" '
		{ sub(/.*\) /, "") }
		$1 == "Z" && $2 == msd { n++ }
		END { print n + 0 }'
}

no_zombies() {
	await "I1: msd has reaped everybody" 3 '[ "$(zombies)" = 0 ]'
}

strangers() { # processes whose generation is not that of a living worker
	workers >"$dir/.workers"
	kin | awk 'NR == FNR { alive[$1 " " $4] = $3 != "null"; next }
		$3 != "Z" && !alive[$4 " " $5] { print }' "$dir/.workers" -
}

only_the_living() {
	await "I2: only living generations: $(strangers)" 5 '[ -z "$(strangers)" ]'
}

no_growth() {
	await "I3: $(fds_of "$msd") descriptors, were $base_fds" 3 \
	    '[ "$(fds_of "$msd")" -le $((base_fds + 1)) ]'
	case $MODE in asan | tsan) return ;; esac
	now_kib=$(number_of "$msd" VmRSS)
	[ "$now_kib" -le $((base_kib + GROWTH_KIB)) ] ||
	    in_case "I3: $now_kib KiB, were $base_kib"
}

# pid and bytes written so far of those that wait for a pipe
blocked() {
	kin | while read -r pid _ _ _ _ where; do
		case $where in *pipe_write) ;; *) continue ;; esac
		echo "$pid $(sed -n 's/^wchar: //p' "/proc/$pid/io" 2>/dev/null)"
	done
}

nobody_blocked() {
	first=$(blocked)
	[ -z "$first" ] ||
	    await "I4: writers get on: $first" 3 '[ "$(blocked)" != "$first" ]'
}

now_ms() { date +%s%3N; }

# The best of five: other load on the machine is not msd's fault.
responsive() {
	best_ms=100000
	for _ in 1 2 3 4 5; do
		start_ms=$(now_ms)
		msctl status >/dev/null || in_case "I5: no status"
		took_ms=$(($(now_ms) - start_ms))
		[ "$took_ms" -ge "$best_ms" ] || best_ms=$took_ms
		[ "$best_ms" -ge "$QUICK_MS" ] || return 0
	done
	in_case "I5: status takes $best_ms ms"
}

events_are_whole() {
	workers >"$dir/.workers" # first: who dies now, dies in the events
	msctl events --json >"$dir/.events" || in_case "I6: no events"
	awk '
	function value(key,    at, rest) {
		at = index($0, "\"" key "\":")
		rest = substr($0, at + length(key) + 3)
		sub(/^"/, "", rest)
		sub(/[",}].*/, "", rest)
		return rest
	}
	function complain(what) { print "I6: " what; bad = 1 }
	NR == FNR { generation[$1] = $4; alive[$1] = $3 != "null"; next }
	{
		seq = value("seq")
		if (last && seq != last + 1)
			complain("event " seq " follows " last)
		last = seq
		who = value("name") " " value("generation")
		event = value("event")
		if (event == "starting" && born[who]++)
			complain(who " has started twice")
		if (event == "exited" && died[who]++)
			complain(who " has died twice")
		if (event == "removed") # its name may come again, from 1 on
			for (who in born)
				if (index(who, value("name") " ") == 1) {
					delete born[who]
					delete died[who]
				}
	}
	END {
		for (who in born) {
			split(who, part, " ")
			if (!(part[1] in generation) || died[who])
				continue
			younger = part[2] - generation[part[1]]
			if (younger < 0 || (younger == 0 && !alive[part[1]]))
				complain(who " has no exit event")
		}
		exit bad
	}' "$dir/.workers" "$dir/.events" || in_case "events"
}

switches() { awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$msd/status"; }

asleep() {
	# a first quiet second may still see the end of what went before
	for _ in 1 2 3 4; do
		before=$(switches)
		sleep 1
		[ "$(switches)" != "$before" ] || return 0
	done
	in_case "I7: msd wakes up though nothing happens"
}

invariants() {
	no_zombies
	only_the_living
	no_growth
	nobody_blocked
	responsive
	events_are_whole
}

fault_end() {
	case_id=end
	[ -z "$msd" ] || invariants
	story_end
}
