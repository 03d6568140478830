#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails when a source or header is not as clang-format leaves it.
cd "$(dirname "$0")/../.." || exit 2
if ! command -v clang-format >/dev/null; then
	echo "skipped: clang-format is not installed"
	exit 0
fi
git ls-files --cached --others --exclude-standard -- '*.[ch]' | sort -u |
    while IFS= read -r file; do
	[ ! -f "$file" ] || printf '%s\n' "$file"
    done | xargs -r -d '\n' clang-format --dry-run -Werror
