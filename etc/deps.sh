#!/bin/sh
# Installs the Debian packages that building and testing need, and says which.
# Does nothing, quickly, when all are there.   etc/deps.sh [--check]
set -eu
packages="gcc make pkg-config libc6-dev
libev-dev libnng-dev libssl-dev libpq-dev libhiredis-dev libcjson-dev check
uthash-dev libxxhash-dev zlib1g-dev libmicrohttpd-dev
postgresql-15 postgresql-client-15 redis-server redis-tools util-linux procps curl"

missing=
for p in $packages; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

echo "missing Debian packages:$missing" >&2
[ "${1:-}" != --check ] || exit 1
command -v apt-get >/dev/null || {
	echo "this machine has no apt-get: please install them by hand" >&2
	exit 1
}
sudo=
if [ "$(id -u)" -ne 0 ]; then
	sudo=sudo
	command -v sudo >/dev/null || {
		echo "run as root: apt-get install$missing" >&2
		exit 1
	}
fi
echo "installing them with ${sudo:+sudo }apt-get" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # words on purpose
$sudo apt-get update -q >/dev/null
# shellcheck disable=SC2086
$sudo apt-get install -q -y --no-install-recommends $missing >/dev/null
