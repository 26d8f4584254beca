#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `sandtrace bench`: what it refuses, what it says of commands and backends that do not work, its three outputs, and that an
# interrupt leaves nothing behind. Figures are not judged. TAP on stdout; needs jq and python3-jsonschema.
#
#   tests/cli/test_bench.sh [SANDTRACE]
set -u
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1
need sandtrace jq python3 script pgrep
export TERM=xterm-256color
make_tmp
mkdir -m 1777 "$tmp/scratch"
export TMPDIR=$tmp/scratch # what bench makes there must be gone afterwards

bench() { run "$bin" bench "$@"; }
nothing_left() { [ -z "$(ls -A "$TMPDIR")" ] || { ls "$TMPDIR"; return 1; }; }
valid() {
	python3 - "$here/docs/bench.schema.json" "${1:-$tmp/out}" <<-'END'
		import json, sys, jsonschema
		schema, result = (json.load(open(f)) for f in sys.argv[1:])
		jsonschema.Draft202012Validator.check_schema(schema)
		jsonschema.Draft202012Validator(schema).validate(result)
	END
}
is_xml() { python3 -c 'import sys, xml.etree.ElementTree as e; e.parse(sys.argv[1])' "$1"; }

# ---- usage
refused() { # TEXT TEXT -- ARGUMENT...
	local a=$1 b=$2
	shift 3
	bench "$@"
	rc_is 2 && err_has "$a" && err_has "$b" && [ ! -s "$tmp/out" ]
}
check "no command" refused "no command is given" "--micro" --
check "no command after --" refused "no command is given" "usage" -- --
check "an empty command" refused "name is empty" "usage" -- ""
check "an option that is not" refused "'--xyz'" "--help" -- --xyz true
check "an option that is nearly one" refused "'--rums'" "'--runs'" -- --rums 3 true
check "a backend that is not" refused "'perf'" "none, ebpf, ptrace, strace" -- --backends none,perf true
check "no backend" refused "no backend ''" "none, ebpf" -- --backends ebpf, true
check "a backend twice" refused "named twice" "'ebpf'" -- --backends ebpf,ebpf true
for v in 0 -1 1001 x 1.5 99999999999999999999; do check "--runs $v" refused "--runs '$v'" "from 1 to 1000" -- --runs "$v" true; done
for v in -1 101 x; do check "--warmup $v" refused "--warmup '$v'" "from 0 to 100" -- --warmup "$v" true; done
for o in --backends --runs --warmup --json --svg --trace; do check "$o without a value" refused "needs a value" "$o" -- $o; done
check "--micro with a value" refused "takes no value" "'--micro=1'" -- --micro=1
check "--micro with a command" refused "'true'" "drop" -- --micro true
check "--micro with --trace" refused "no place" "--trace" -- --micro --trace close
check "--trace of a call that is not" refused "opne" "--trace" -- --trace opne true
check "two files that are one" refused "both write to x" "--svg" -- --json x --svg x true
check "what is for its own processes" refused "--inside" "help" -- --inside nothing
bench --help
check "--help" rc_is 0
check "--help fits 80 columns" eval '! grep -E "^.{80}" "$tmp/out"'

# ---- the command
bench --runs 1 -- sh -c 'exit 3'
check "a command that fails stops it with its status" eval 'rc_is 3 && err_has "ended with status 3 without a tracer"'
bench --runs 1 -- sh -c 'kill -9 $$'
check "a command that is killed" eval 'rc_is 137 && err_has "status 137"'
bench --runs 1 -- /nonexistent/command
check "a command that does not exist" eval 'rc_is 127 && err_has "/nonexistent/command"'
bench --runs 1 -- /etc/passwd
check "a command that is none" eval 'rc_is 126 && err_has "Permission denied"'
streams='for i in 0 1 2; do [ "$(readlink /proc/$$/fd/$i)" = /dev/null ] || exit 1; done
	n=0; for f in /proc/$$/fd/*; do [ ! -e "$f" ] || n=$((n + 1)); done; [ $n = 3 ] || exit 2'
bench --backends none --runs 1 -- sh -c "$streams"
check "it has its three streams, on /dev/null, and no other" rc_is 0
(
	trap '' INT PIPE CHLD TERM
	"$bin" bench --backends none --runs 1 -- grep -qx "SigIgn:.0*" /proc/self/status
) >"$tmp/out" 2>"$tmp/err"
rc=$?
check "it starts with default signals" rc_is 0
bench --backends none --runs 1 --warmup 0 --json - -- sh -c '(setsid sleep 0.3 &) ; exit 0'
check "a run ends with the last process" eval 'rc_is 0 && json ".groups[0].rows[0].wall_ns.median > 3e8"'
bench --backends none --runs 6 --warmup 0 -- true
check "what it prints" eval 'rc_is 0 && silent && out_has "sandtrace bench: true" && out_has "6 rounds"'
check "nothing is left" nothing_left

# ---- backends that do not work
PATH=$tmp/scratch bench --backends strace --runs 1 -- /bin/true
check "no strace, and nothing else: 4, and why" eval 'rc_is 4 && err_has "no backend can be measured here" && err_has "strace is not installed"'
PATH=$tmp/scratch bench --backends ptrace,strace --runs 1 --json - -- /bin/true
check "no strace: a row that says so" eval \
	'rc_is 0 && json ".groups[0].rows[2] | .backend == \"strace\" and (.not_measured | test(\"not installed\")) and .wall_ns == null"'
not_traced='test "$(sed -n "s/^TracerPid:.//p" /proc/self/status)" = 0 || exit 9'
bench --backends ptrace --runs 2 -- sh -c "$not_traced"
check "a command that ends otherwise when traced" eval 'rc_is 0 && out_has "ended with status 9 under ptrace in 2 of 2 runs" &&
	out_has "ptrace     not measured: the command never ended as it does without"'
if [ "$(id -u)" = 0 ]; then
	make_copy
	as_nobody "$st" bench --backends ebpf,ptrace --runs 1 --json - -- /bin/true
	check "an ordinary user: ebpf with a reason, ptrace measured" eval 'rc_is 0 && json "[.groups[0].rows[].not_measured] |
		.[0] == null and (.[1] | length > 10) and .[2] == null"'
	bench --backends ebpf --runs 2 --json - -- /bin/true
	check "ebpf" eval 'rc_is 0 && valid && json ".groups[0].rows[1] | .lost.median == 0 and .calls.median > 10 and
		.tracer_rss_kib.median > 1000 and .cpu_ns.median > 0 and .tracer_cpu_ns.median > 0"'
else
	skip "an ordinary user" "needs root to become one"
	skip "ebpf" "needs root"
fi
check "nothing is left by these" nothing_left

# ---- outputs
bench --backends ptrace,strace --runs 2 --json "$tmp/r.json" --svg "$tmp/r.svg" -- sh -c 'ls / >/dev/null' '<&"]]>' $'\377\033[31m'
check "table, JSON and chart" eval 'rc_is 0 && silent && out_has "? "'
check "the table has no colours" eval '! grep -q $'"'\\033'"' "$tmp/out"'
check "JSON as its schema says" valid "$tmp/r.json"
check "the samples are all there" jq -e '[.groups[0].rows[].samples | length] == [2, 2, 2]' "$tmp/r.json"
check "two rounds claim nothing" jq -e '[.groups[0].rows[1:][].wall_ratio.claim] | all(. == "too_few")' "$tmp/r.json"
check "the command, bytes and all" jq -e '.command | length == 5 and .[3] == "<&\"]]>"' "$tmp/r.json"
check "strace's calls are those of ptrace" jq -e '.groups[0].rows | .[1].calls.median == .[2].calls.median' "$tmp/r.json"
check "the chart is XML" is_xml "$tmp/r.svg"
check "the chart needs nothing from elsewhere" eval '! grep -E "https?://|href|<script|@import|url\(" "$tmp/r.svg" | grep -v w3.org/2000/svg'
bench --backends ptrace --runs 6 --warmup 0 --trace execve --json - -- sh -c 'i=0; while [ $i -lt 300 ]; do [ -e / ]; i=$((i+1)); done'
check "--trace reaches the backend" eval 'rc_is 0 && json ".trace == \"execve\" and .groups[0].rows[1].calls.median < 10"'
echo before >"$tmp/kept.json"
bench --runs 1 --json "$tmp/kept.json" -- false
check "a file is not touched before there is a result" eval 'rc_is 1 && [ "$(cat "$tmp/kept.json")" = before ]'
bench --runs 1 --json "$tmp/none/x.json" -- false
check "a file that cannot be written is known at once" eval 'rc_is 1 && err_has "none/x.json: No such file" && ! err_has "status 1"'
ln -s "$tmp/kept.json" "$tmp/link.svg"
bench --runs 1 --svg "$tmp/link.svg" -- true
check "no link is followed" eval 'rc_is 1 && err_has "link.svg"'
check "a full disk" eval '"$bin" bench --backends none --runs 1 -- true >/dev/full 2>"$tmp/err"; rc=$?; rc_is 1 && err_has "No space left"'
for v in "" NO_COLOR=1 CLICOLOR=0; do
	env $v script -qec "$bin bench --backends none --runs 1 -- true" /dev/null >"$tmp/out" 2>&1 </dev/null
	if [ "$v" ]; then
		check "a terminal with $v: no colours" eval '! grep -q $'"'\\033\[1m'"' "$tmp/out"'
	else
		check "a terminal: colours, and progress that is wiped out" eval 'grep -q $'"'\\033\[1m'"' "$tmp/out" &&
			grep -q $'"'round 1 of 1: none.*\\r\\033\[K'"' "$tmp/out"'
	fi
done

# ---- an interrupt: when the first round has begun, which a line on standard error tells
interrupted() { # SIGNAL[,SIGNAL] FIFO|- BACKENDS COMMAND...: not before the command has written to the FIFO
	python3 - "$bin" "$@" >"$tmp/out" 2>"$tmp/err" <<-'END'
		import signal, subprocess, sys
		program, signals, fifo, backends, *command = sys.argv[1:]
		for s in (signal.SIGPIPE, signal.SIGINT):
		    signal.signal(s, signal.SIG_DFL)
		p = subprocess.Popen([program, "bench", "-v", "--warmup", "0", "--backends", backends, "--json", "-", "--", *command],
		                     stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
		for line in p.stderr:
		    if "round 2 of 10" in line:
		        if fifo != "-":
		            open(fifo).read()
		        for s in signals.split(","):
		            p.send_signal(getattr(signal, s))
		        break
		try:
		    out, err = p.communicate(timeout=30)
		except subprocess.TimeoutExpired:
		    p.kill()
		    sys.exit("it did not end")
		print(out, end="")
		sys.exit(p.returncode)
	END
	rc=$?
}
# the first argument of sleep tells our processes from all others
mark=0.$$7
none_runs() { ! pgrep -af "sleep $mark"; }
for b in none ptrace strace; do
	[ $b != strace ] || command -v strace >/dev/null || { skip "interrupt under $b" "strace is not installed"; continue; }
	interrupted SIGINT - $b sleep $mark
	check "interrupt under $b: what there is, and 130" eval 'rc_is 130 && valid && json ".interrupted and .rounds >= 1 and
		(.groups[0].rows[0].samples | length >= 1)"'
	check "interrupt under $b: nothing runs on, nothing is left" eval 'none_runs && nothing_left'
done
# the first run ends, the others never do, whatever they are asked; so does a part of them that left their session
stubborn='mkdir "$0" 2>/dev/null && mkfifo "$0/fifo" && exit
	trap "" TERM INT; setsid sh -c "while :; do sleep $1; done" & echo >"$0/fifo"; while :; do sleep $1; done'
for signals in SIGTERM SIGINT,SIGTERM; do
	rm -rf "$tmp/first"
	interrupted $signals "$tmp/first/fifo" none sh -c "$stubborn" "$tmp/first" $mark
	check "$signals, and a command that ignores it" eval 'rc_is 130 && none_runs && nothing_left'
done

# ---- micro
bench --micro --backends ptrace --runs 1 --warmup 0 --json - --svg "$tmp/m.svg"
check "--micro" eval 'rc_is 0 && valid && is_xml "$tmp/m.svg"'
check "--micro: every workload under every row" json '[.groups[].rows[].wall_ns.median] | length == 20 and all(. > 0)'
check "--micro: the floor has seen what ptrace has" json '.groups[0].rows | .[1].calls.median > 20000 and .[2].calls.median > 20000'
check "--micro: calls of no interest are not stopped at" json '.groups[0].rows | .[3].wall_ns.median * 5 < .[2].wall_ns.median'
check "nothing is left at the end" nothing_left

# ---- the man page
if command -v scdoc >/dev/null && command -v mandoc >/dev/null; then
	check "man: no errors" eval '"$here/scripts/gen-man" "$bin" "$tmp/man" && mandoc -Tlint -W error "$tmp/man/sandtrace-bench.1"'
	mandoc -Tascii "$tmp/man/sandtrace-bench.1" | col -b >"$tmp/page"
	bench --help
	check "man: every option" eval 'for o in $(grep -oE "^ .* --[a-z-]+" "$tmp/out" | grep -oE -e "--[a-z-]+"); do
		grep -qF -e "$o" "$tmp/page" || { echo "$o"; exit 1; }; done'
else
	skip "man page" "scdoc or mandoc is not installed"
fi

finish
