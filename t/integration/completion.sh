#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completion of msctl in bash, asked as bash asks it, beside a running msd.
. t/lib/story.sh
story_begin
command -v bash >/dev/null || { echo "skipped: no bash"; exit 0; }
write_conf "$dir/ms.conf" <<'CONF'
[supervisor agents]
[worker planner]
supervisor = agents
command = sleep 1000
[worker runner]
supervisor = agents
command = sleep 1000
[worker many]
command = sleep 1000
instances = 11
[template crowd]
command = sleep 1000
CONF
start_msd "$dir/ms.conf"
await_ready runner
touch "$dir/some.conf"

cat >"$dir/ask" <<'BASH'
# WORD...: what may follow the words, the last one (perhaps empty) begun
source etc/bash-completion/msctl
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_msctl
((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
BASH
offers() { # WORDS EXPECTED
	set -- "$1" "$2" "$(IFS=' '; eval "bash '$dir/ask' '$B/msctl' $1")"
	case " $3" in
	$2) ;;
	*) fail "'msctl $1' offers '$3', not '$2'" ;;
	esac
}

offers "''" '* bus *config *restart *tree *'
offers "re" ' *reload *restart *'
offers "bus ''" ' consumers dlq pub stats streams sub tail trace '
offers "db migrate ''" ' status up '
offers "restart ''" ' agents crowd many@1 *many@9 planner root runner '
offers "restart planner ru" ' runner '
offers "why p" ' planner '
offers "--json status pl" ' planner '
offers "-s $dir/run/msd.sock why p" ' planner '
offers "-s /no/such/socket why p" ' '
offers "status --l" ' --lsb '
offers "logs planner --" '* --follow *--lines *'
offers "wait planner --state re" ' ready reloading '
offers "signal planner US" ' USR1 USR2 '
offers "check $dir/so" " $dir/some.conf "
offers "bus pub a.b --durability w" ' written '
offers "help stat" ' status '
offers "doctor dis" ' disk disk.inodes disk.space '
offers "doctor ports --con" ' --config '
offers "doctor --config $dir/so" " $dir/some.conf "
offers "pool ''" ' stats status '
offers "config ''" ' check get list status watchers '
offers "shutdown ''" ' '
offers "signal planner USR1 ''" ' '

offers "scale ''" ' crowd '
offers "spawn cr" ' crowd '
offers "spawn crowd -- $dir/so" " $dir/some.conf "

# bash breaks words at @ and =
offers "why many @" ' 1 10 11 2 3 4 5 6 7 8 9 '
offers "why many @ 1" ' 1 10 11 '
offers "stop many @ 2 many @ 3 pl" ' planner '
offers "wait planner --state = re" ' ready reloading '
offers "wait planner --state = ready --t" ' --timeout '
touch "$dir/a file"
offers "check '$dir/a f'" " $dir/a file "

# every verb, word by word
"$B/msctl" help | sed -n 's/^  \([a-z][a-z ]*[a-z]\)  .*/\1/p' >"$dir/verbs"
expect "help lists verbs" '[ "$(wc -l <"$dir/verbs")" -gt 30 ]'
while read -r verb; do
	before=${verb% *}
	[ "$before" != "$verb" ] || before=
	offers "$before ''" "* ${verb##* } *"
done <"$dir/verbs"
story_end
