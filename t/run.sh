#!/bin/sh
# Runs groups of tests and counts them: t/run.sh unit|rules|stories|otp|slow ...
# Called by make with B (build folder) and MODE.  Ends with "N passed, N failed".
B=${B:-build/release}
export B MODE
passed=0 failed=0 names=
export CK_VERBOSITY=minimal

run() { # NAME COMMAND...
	name=$1; shift
	start=$(date +%s)
	if "$@" >"$out" 2>&1; then
		n=$(sed -n 's/.*Checks: \([0-9]*\), Failures: 0, Errors: 0.*/\1/p' "$out" | tail -n 1)
		passed=$((passed + ${n:-1}))
		printf '  ok   %-44s %s\n' "$name" "${n:+$n checks, }$(($(date +%s) - start)) s"
	else
		failed=$((failed + 1)); names="$names $name"
		printf '  FAIL %s\n' "$name"
		sed 's/^/       | /' "$out"
	fi
}

out=$(mktemp "${TMPDIR:-/tmp}/ms-run.XXXXXX") || exit 1
trap 'rm -f "$out"' EXIT
for group in "$@"; do
	case $group in
	unit)	for t in "$B"/t/unit/*/test_*; do
			case $t in *.[od]) continue ;; esac
			run "${t#"$B"/t/}" "$t"
		done ;;
	otp)	for t in "$B"/t/integration/otp/test_*; do
			case $t in *.[od]) continue ;; esac
			run "${t#"$B"/t/}" "$t"
		done ;;
	rules)	for t in t/rules/*.sh; do run "${t#t/}" sh "$t"; done ;;
	stories) for t in t/integration/*.sh t/fault/*.sh; do
			[ -f "$t" ] && run "${t#t/}" sh "$t"
		done ;;
	slow)	for t in t/slow/*.sh; do [ -f "$t" ] && run "${t#t/}" sh "$t"; done ;;
	esac
done
[ -z "$names" ] || echo "failed:$names"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
