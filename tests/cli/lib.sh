# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What the tests of the command line share; they source it first. TAP on stdout. It gives them:
#
#   here bin	the top of the source, and the program under test: the script's first argument, $SANDTRACE, or that of build/
#   		(or $B, which is how tests/all is told)
#   tmp		after make_tmp: a directory that every user can enter and that is gone afterwards
#   st		after make_copy: a copy of the program in there
#   rc		after run: the exit status; what the command said is in $tmp/out and $tmp/err
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$(realpath -m -- "${1:-${SANDTRACE:-$(cd "$here" && realpath -m -- "${B:-build}")/sandtrace}}")
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
n=0 failed=0 skipped=0
export LC_ALL=C.UTF-8
unset NO_COLOR CLICOLOR CLICOLOR_FORCE

# ---- what must be there
bail() { echo "Bail out! $*"; exit 1; }
need() { # root | sandtrace | TOOL...
	local what
	for what; do
		case $what in
		root) [ "$(id -u)" = 0 ] || bail "needs root" ;;
		sandtrace) [ -x "$bin" ] || bail "$bin: not built: run make first" ;;
		*) command -v "$what" >/dev/null || bail "$what is not installed: scripts/deps installs it" ;;
		esac
	done
}
make_tmp() { # [TEMPLATE]
	tmp=$(mktemp -d "$@") || bail "no temporary directory"
	trap 'rm -rf "$tmp"' EXIT
	chmod 755 "$tmp"
}
make_copy() {
	st=$tmp/sandtrace
	install -m 755 "$bin" "$st" || bail "$bin: not copied"
}

# ---- results
ok() { n=$((n + 1)); echo "ok $n - $1"; }
skip() { n=$((n + 1)); skipped=$((skipped + 1)); echo "ok $n - $1 # SKIP $2"; } # NAME REASON
not_ok() { # NAME TEXT...
	n=$((n + 1))
	failed=$((failed + 1))
	echo "not ok $n - $1"
	shift
	[ $# = 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}
check() { # NAME COMMAND...: passes when COMMAND succeeds
	local name=$1
	shift
	if "$@" >"$tmp/check" 2>&1; then
		ok "$name"
	else
		not_ok "$name"
		sed 's/^/# /' "$tmp/check" "$tmp/err" "$tmp/out" 2>/dev/null | cut -c1-400 | head -40
	fi
}
finish() { # the last command: its status is the script's
	echo "1..$n"
	echo "# passed $((n - failed - skipped)) failed $failed skipped $skipped"
	[ $failed = 0 ]
}

# ---- commands, and what they left
run() { "$@" >"$tmp/out" 2>"$tmp/err" </dev/null; rc=$?; }
as_nobody() { run "${nobody[@]}" "$@"; }
rc_is() { [ "$rc" = "$1" ] || { echo "exit status $rc, not $1"; return 1; }; }
out_has() { grep -qF -- "$1" "$tmp/out" || { echo "no '$1' in the output"; return 1; }; }
err_has() { grep -qF -- "$1" "$tmp/err" || { echo "no '$1' in the messages"; return 1; }; }
silent() { [ ! -s "$tmp/err" ]; }
# ARGUMENT... of jq, which up to 1.6 is content when there is nothing to read
json() { [ -s "$tmp/out" ] && jq -e "$@" "$tmp/out"; }
