# What differs from run to run becomes a word: times, ages, sizes, pids.  Runs
# of blanks become two, because a column is as wide as its widest number.
s/\x1b\[/^[/g

# JSON
s/[0-9]\{4\}-[0-9-]*T[0-9:.]*Z/TIME/g
s/\("[a-z_]*pid\|"[a-z_]*_ms\|"[a-z_]*kib\|"[a-z_]*ticks\|"[a-z_]*_ns\|"[a-z_]*seq\|"[a-z_]*bytes\|"requests\|"seconds\|"events_per_s\)":[0-9][0-9.]*/\1":N/g
s/"member":"[^"]*"/"member":"ID"/g
s/[0-9a-f]\{8\}-[0-9a-f]\{4\}-[0-9a-f]\{4\}-[0-9a-f]\{4\}-[0-9a-f]\{12\}/UUID/g
s/[0-9]*\.[0-9]* s, [0-9]* events\/s/N s, N events\/s/

# text
s/^digest  *[0-9]*/digest N/
s/"digest":[0-9]*/"digest":N/g
s/generation \([0-9]*\), [0-9]* keys/generation \1, N keys/g
s/\(pid[ =]\)[0-9][0-9]*/\1PID/g
s/\([a-z]\)\[[0-9][0-9]*\]/\1[PID]/g
s/[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\(\.[0-9]*\)\?/HH:MM:SS/g
s/\b[0-9][0-9]-[0-9][0-9] HH:/MM-DD HH:/g
s/\b[0-9][0-9]*\(ms\|s\)\b/AGE/g
s/\b[0-9][0-9]*m[0-9][0-9]s\b/AGE/g
s/\b[0-9.][0-9.]* \([KMG]iB\)/N MiB/g
s/ms=[0-9][0-9]*/ms=N/g
# the column before the state
s/\b[0-9][0-9]*\(  *\(\^\[[0-9]*m\)\?[●◐◑○✖*+o!x-] [a-z]\)/PID\1/
s/   */  /g
# one object of a JSON list on a line
s/},{/},\
{/g
