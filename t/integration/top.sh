#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# msctl top in a terminal of 80x24: it fits, follows keys and a new size, and
# puts the terminal back on every way out; it goes on while bus, ms-metrics and
# msd are stopped; the history survives kill -9 of its writer, and what is no
# history is called so.
. t/lib/story.sh
story_begin
command -v script >/dev/null || { echo "skipped: no script(1)"; exit 0; }
write_conf "$dir/ms.conf" <<'CONF'
[worker bus]
command = ms-bus
ready   = notify
[worker metrics]
command = ms-metrics
ready   = notify
backoff = 0ms..0ms
[worker many]
command   = sleep 1000
instances = 30
[metrics]
listen          = none
sample_interval = 100ms
history         = 36s
CONF
start_msd "$dir/ms.conf"
await_ready bus
await_ready metrics

# ---- a terminal ------------------------------------------------------------------
# $dir/typed goes in, $dir/seen is what it was sent; $dir/tty is its name,
# $dir/ended what is left: exit code and whether the terminal is as it was.
cat >"$dir/inner" <<'SH'
tty >"$STORY_DIR/tty"
stty rows 24 cols 80
before=$(stty -g)
"$@"
code=$?
[ "$(stty -g)" = "$before" ] && same=same || same=changed
echo "$code $same" >"$STORY_DIR/ended"
SH
mkfifo "$dir/typed"
terminal() { # MSCTL ARGS...
	: >"$dir/seen"; rm -f "$dir/ended" "$dir/tty"
	TERM=xterm LC_ALL=C.UTF-8 SHELL=/bin/sh script -qfc \
	    "sh $dir/inner $B/msctl $*" "$dir/seen" <"$dir/typed" >/dev/null 2>&1 &
	script=$!
	exec 5>"$dir/typed"
	await "the first picture" 10 'grep -q "workers, " "$dir/seen"'
}
ended() { # CODE
	await "top ends" 10 '[ -s "$dir/ended" ]'
	exec 5>&-
	wait $script || :
	[ "$(cat "$dir/ended")" = "$1 same" ] ||
	    fail "top ended with '$(cat "$dir/ended")', not '$1 same'"
	tail -c 400 "$dir/seen" | grep -qF "$(printf '\033[?25h\033[?1049l')" ||
	    fail "the screen was not put back"
}
top_pid() { pgrep -s "$(ps -o sid= -t "${1#/dev/}" | head -n 1 | tr -d ' ')" msctl; }
# The last whole picture, as lines without colour.
picture() {
	tr -d '\r' <"$dir/seen" | sed 's/\x1b\[?[0-9]*[lh]//g; s/\x1b\[[0-9]*[mKJ]//g' |
	    awk '/\033\[H/ { text = ""; sub(/.*\033\[H/, "") }
		{ text = text $0 "\n" } END { printf "%s", text }'
}

terminal top -d 200ms
await "a picture with figures" 10 'picture | grep -q "cpu [0-9]"'
picture >"$dir/picture"
expect "24 lines at most, not $(wc -l <"$dir/picture")" \
    '[ "$(wc -l <"$dir/picture")" -le 24 ]'
expect "80 columns at most" \
    '[ "$(LC_ALL=C.UTF-8 wc -L <"$dir/picture")" -le 80 ]'
expect "what does not fit is counted" 'grep -q "^[0-9]* more" "$dir/picture"'
expect "a state is a word and a sign" 'grep -q "● ready" "$dir/picture"'
stty -F "$(cat "$dir/tty")" rows 12 cols 70
await "the new size" 10 'n=$(picture | wc -l) && [ "$n" -ge 8 ] && [ "$n" -le 12 ] &&
    [ "$(picture | LC_ALL=C.UTF-8 wc -L)" -le 70 ]'
printf b >&5
await "the view of the bus" 10 'picture | grep -q "^none\|^CONSUMER"'
printf wn >&5
await "sorted by name" 10 'picture | grep -q "sort (name)" &&
    picture | sed -n 6p | grep -q "^bus "'
printf q >&5
ended 0

for signal in TERM:143 HUP:129 INT:130 QUIT:131 SEGV:139; do
	terminal top -d 200ms
	kill -"${signal%:*}" "$(top_pid "$(cat "$dir/tty")")"
	ended "${signal#*:}"
done

# ---- others are stopped -----------------------------------------------------------
kill -STOP "$(pid_of bus)" "$(pid_of metrics)"
stopped="$(pid_of bus) $(pid_of metrics)"
msctl top -d 100ms >"$dir/out" || fail "top without the bus: $?"
kill -CONT $stopped
expect "it shows the bus all the same" 'grep -q "^bus  *[0-9]" "$dir/out"'
msctl top bus -n 2 -d 100ms >"$dir/out"
expect "two plain frames" '[ "$(grep -c "^sla " "$dir/out")" = 2 ]'
expect "without escapes" '! LC_ALL=C grep -q "[^ -~]" "$dir/out"'
code=0; msctl top nothing 2>"$dir/err" || code=$?
expect "a view that is none is usage" '[ $code = 2 ] && grep -q "workers, bus or pools" "$dir/err"'
msctl top -n 1000000 -d 100ms | head -n 1 >"$dir/out"
expect "a closed pipe ends it" '[ -s "$dir/out" ]'

# ---- the history -------------------------------------------------------------------
steps() { msctl top --replay --json 2>/dev/null | grep -c '"at":'; }
await "some steps" 10 '[ "$(steps)" -ge 5 ]'
old=$(pid_of metrics) had=$(steps)
kill -9 "$old"
await_other_pid metrics "$old"
expect "the history survives its writer" '[ "$(steps)" -ge "$had" ]'
await "and goes on" 10 '[ "$(steps)" -gt $((had + 2)) ]'
msctl top --replay --json >"$dir/steps"
expect "in the order of time" \
    'sed "s/.*\"at\":\"\([^\"]*\)\".*/\1/" "$dir/steps" | LC_ALL=C sort -c'
terminal top --replay -d 100ms
printf ' ' >&5
await "a pause" 10 'picture | grep -q "replay [0-9]* of [0-9]*, paused"'
printf '\033[H' >&5
await "the first step" 10 'picture | grep -q "replay 1 of "'
printf '\033[C' >&5
await "the next one" 10 'picture | grep -q "replay 2 of .*, paused"'
printf q >&5
ended 0

refuses() { # WORDS: the history at hand
	code=0; msctl --run-dir "$dir/other" top --replay 2>"$dir/err" || code=$?
	[ $code != 0 ] && grep -q "$1" "$dir/err" ||
	    fail "exit $code, not '$1': $(cat "$dir/err")"
}
mkdir "$dir/other"
refuses "there is no history at $dir/other/metrics.history"
: >"$dir/other/metrics.history"
refuses "it is empty"
head -c 100000 /dev/urandom >"$dir/other/metrics.history"
refuses "it is no history of ours"
head -c 4096 "$dir/run/metrics.history" >"$dir/other/metrics.history"
refuses "has no step yet"
# half of a frame, as a writer leaves it that is killed: the others are shown
head -c $((4096 + 16384 * 2 + 100)) "$dir/run/metrics.history" \
    >"$dir/other/metrics.history"
msctl --run-dir "$dir/other" top --replay --json >"$dir/steps" ||
    fail "a torn frame hides the others"
expect "two are whole" '[ "$(grep -c "\"at\":" "$dir/steps")" = 2 ]'
story_end
