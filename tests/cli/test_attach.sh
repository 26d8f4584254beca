#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `sandtrace attach`: what it refuses and how it says so, a policy on a control group, and that nothing is left of it. What it
# records is tested by tests/live (attach_*). TAP on stdout; needs root, jq, python3, setpriv.
#
#   tests/cli/test_attach.sh [SANDTRACE]
set -u
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1
need root sandtrace jq python3 setpriv
make_tmp
make_copy
group=
client=
cleanup() {
	[ -z "$client" ] || kill "$client" 2>/dev/null
	[ -z "$client" ] || wait "$client" 2>/dev/null
	[ -z "$group" ] || until rmdir "$group" 2>/dev/null || [ ! -e "$group" ]; do :; done
	rm -rf "$tmp"
}
trap cleanup EXIT

# refuses NAME STATUS TEXT... -- ARGUMENT...: and nothing is written
refuses() {
	local name=$1 want=$2 texts=() t
	shift 2
	while [ "$1" != -- ]; do texts+=("$1"); shift; done
	shift
	run "$st" attach -o "$tmp/refused.jsonl" "$@"
	if ! out=$(rc_is "$want"); then not_ok "$name" "$out" "$(cat "$tmp/err")"; return; fi
	for t in "${texts[@]}"; do
		if ! out=$(err_has "$t"); then not_ok "$name" "$out" "$(cat "$tmp/err")"; return; fi
	done
	if [ -e "$tmp/refused.jsonl" ]; then not_ok "$name" "it made its output"; return; fi
	ok "$name"
}

# ---- usage
refuses "neither process nor cgroup" 2 "neither --pid nor --cgroup" "usage: sandtrace attach" --
refuses "both" 2 "both given" -- --pid 1 --cgroup /
refuses "a command" 2 "'ls'" "sandtrace run ls" -- --pid 1 ls
refuses "an option of run" 2 "there is no option '--overlay'" "sandtrace attach --help" -- --pid 1 --overlay
refuses "a misspelt option" 2 "did you mean '--policy'?" -- --pid 1 --polcy x
refuses "an abbreviated option" 2 "options are not abbreviated" -- --pid 1 --prof=both
for v in 0 -1 x 4194305 ""; do refuses "--pid '$v'" 2 "attach: --pid '$v'" "a number from 1" -- --pid "$v"; done
refuses "--cgroup ''" 2 "attach: --cgroup ''" -- --cgroup ""
refuses "--profile none" 2 "syscalls, security, both" -- --pid 1 --profile none
refuses "--mode x" 2 "enforce, audit" -- --pid 1 --mode x
refuses "--mode without a policy" 2 "--mode is about a policy" "--policy FILE" -- --pid 1 --mode audit
refuses "--allow-degraded without a policy" 2 "--allow-degraded is about a policy" -- --pid 1 --allow-degraded lsm
refuses "--allow-degraded of another layer" 2 "attach: --allow-degraded 'cgroup'" "lsm" -- --pid 1 --allow-degraded cgroup
refuses "--on-overload freeze" 2 "it is one of drop" -- --pid 1 --on-overload freeze
refuses "--events x" 2 "attach: --events 'x'" "all,!io" -- --pid 1 --events x
refuses "--watch *" 2 "attach: --watch '*'" -- --pid 1 --watch '*'
refuses "--rate-limit kernel=5" 2 "nothing else is ever held back" -- --pid 1 --rate-limit kernel=5
refuses "--backend none" 2 "auto, ebpf, ptrace" -- --pid 1 --backend none
refuses "ptrace and a cgroup" 2 "follows a process, not a cgroup" -- --cgroup / --backend ptrace
refuses "ptrace and a policy" 2 "enforces no policy" -- --pid 1 --backend ptrace --policy x
refuses "-e without calls" 2 "--profile security records none" "--profile syscalls" -- --pid 1 -e open
refuses "--timeout 0" 2 "leave it out" -- --pid 1 --timeout 0
refuses "-e with a mistake" 125 "opne" -- --pid 1 --profile syscalls -e opne

# ---- what is not there, or not to be had
refuses "no such process" 125 "process 4194303: No such process" -- --pid 4194303
refuses "no such cgroup" 125 "--cgroup /no/such" "/proc/PID/cgroup" -- --cgroup /no/such
refuses "a directory that is no cgroup" 125 "not a control group of version 2" -- --cgroup /tmp
coproc threads { exec python3 -c 'import sys, threading
def run():
    print(threading.get_native_id(), flush=True)
    sys.stdin.read()
threading.Thread(target=run).start()'; }
threads_pid=$!
read -r thread <&"${threads[0]}"
refuses "a thread" 125 "attach: $thread is a thread, not a process" "ps -o tgid=" -- --pid "$thread"
eval "exec ${threads[1]}>&-"
wait $threads_pid
refuses "no such policy" 125 "'nosuch'" -- --pid 1 --policy nosuch
printf '[filesystem]\ndney = ["/x"]\n' >"$tmp/bad.toml"
refuses "a policy with a mistake" 125 "bad.toml:2:1" "did you mean 'deny'" -- --pid 1 --policy "$tmp/bad.toml"
as_nobody "$st" attach --cgroup / -o "$tmp/nobody.jsonl"
check "an ordinary user and a cgroup: no ptrace in its stead" eval 'rc_is 125 && err_has "doctor" && ! err_has "--backend ptrace"'

# ---- a process that connects, in a cgroup of its own
mount=$(findmnt -n -t cgroup2 -o TARGET | head -1)
group=$mount/sandtrace-test-attach-$$
if ! mkdir "$group" 2>/dev/null; then
	group=
	skip "a policy on a cgroup" "no cgroup can be made below $mount"
	finish
	exit
fi
mkfifo "$tmp/ask" "$tmp/answer"
cat >"$tmp/client.py" <<'END'
import os, socket, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as f:
    f.write(str(os.getpid()))
good, bad = socket.socket(), socket.socket()
for s in (good, bad):
    s.bind(("127.0.0.1", 0))
    s.listen(64)
out = open(sys.argv[3], "w")
print(good.getsockname()[1], bad.getsockname()[1], file=out, flush=True)
for line in open(sys.argv[2]):
    s = socket.socket()
    print(s.connect_ex(((good if line.strip() == "good" else bad).getsockname())), file=out, flush=True)
    s.close()
END
python3 "$tmp/client.py" "$group" "$tmp/ask" "$tmp/answer" &
client=$!
exec 7<"$tmp/answer" 8>"$tmp/ask"
read -r good bad <&7
connects() { # good|bad: 0, or the errno
	local n
	echo "$1" >&8
	read -r n <&7
	echo "$n"
}
is() { [ "$($1 "$2")" = "$3" ] || { echo "$1 $2 is not $3"; return 1; }; }
# attach ARGUMENT...: in the background, until it is ready
attach() {
	: >"$tmp/attach.err"
	python3 -c 'import os, signal, sys; [signal.signal(s, signal.SIG_DFL) for s in (2, 13)]; os.execv(sys.argv[1], sys.argv[1:])' \
		"$st" attach --cgroup "$group" "$@" 2>"$tmp/attach.err" >/dev/null &
	attached=$!
	until grep -q 'ready: ' "$tmp/attach.err"; do
		kill -0 $attached 2>/dev/null || { cat "$tmp/attach.err"; return 1; }
	done
}
let_go() { kill -INT $attached; wait $attached; }
printf '[network]\nallow = ["127.0.0.1:%s"]\n' "$good" >"$tmp/net.toml"
printf '[network]\nallow = false\n' >"$tmp/none.toml"
printf '[filesystem]\ndeny = ["/etc/shadow"]\n[syscalls]\ndeny = ["reboot"]\n[limits]\nmemory = "1G"\n' >"$tmp/files.toml"
lsm=$("$st" doctor --json | jq -r '.probes[] | select(.id == "lsm") | .status')

check "before: both connect" eval 'is connects good 0 && is connects bad 0'
check "attach with network rules" attach --policy "$tmp/net.toml" -o "$tmp/t.jsonl"
check "... says what is in force" grep -q "ready: cgroup $group: .*policy .*net.toml enforced: .*1 rule" "$tmp/attach.err"
check "... one connects, the other is refused" eval 'is connects good 0 && is connects bad 1'
check "... lets go with status 0" let_go
check "... and both connect again" eval 'is connects good 0 && is connects bad 0'
check "... the header has the layer" eval 'head -1 "$tmp/t.jsonl" | jq -e ".layers | any(test(\"^(lsm|cgroup-bpf): .*1 rule$\"))"'
check "... the refusal is recorded" eval 'jq -es "any(.denial.errno == \"EPERM\")" "$tmp/t.jsonl"'
check "... the trace fits the schema" "$here/scripts/validate-trace" "$tmp/t.jsonl"
check "... the summary counts the rule" eval 'tail -1 "$tmp/t.jsonl" | jq -e ".rules | map(select(.rule | test(\"network.allow .127\")))[0] |
	.matched >= 1 and .evaluated > .matched and (.layer | test(\"lsm|cgroup-bpf\"))"'
check "attach with no network at all" attach --policy "$tmp/none.toml" -q -o /dev/null
check "... refuses both" eval 'is connects good 1 && is connects bad 1'
kill -KILL $attached
wait $attached 2>/dev/null
until [ "$(connects bad)" = 0 ]; do :; done
ok "killed, it takes the rules along"
check "--timeout lets go" eval 'run "$st" attach --cgroup "$group" --policy "$tmp/none.toml" --timeout 200ms -o /dev/null; rc_is 0 && is connects bad 0'

refuses "a policy that cannot be enforced" 125 "files.toml:4:9: syscalls.deny reboot: " "files.toml:6:10: limits.memory: " \
	"--allow-degraded=lsm" -- --cgroup "$group" --policy "$tmp/files.toml"
if [ "$lsm" = ok ]; then
	skip "without LSM: rules about files" "LSM programs work here"
else
	refuses "without LSM: rules about files" 125 "files.toml:2:9: filesystem.deny /etc/shadow: needs BPF LSM" "cannot be an LSM here" -- \
		--cgroup "$group" --policy "$tmp/files.toml"
	refuses "without LSM: audit" 125 "net.toml:2:10" "only enforce, not --mode audit" -- --cgroup "$group" --policy "$tmp/net.toml" --mode audit
fi
check "--allow-degraded=lsm goes on" attach --policy "$tmp/files.toml" --policy "$tmp/net.toml" --allow-degraded=lsm -o "$tmp/t.jsonl"
check "... with the rest in force" eval 'is connects good 0 && is connects bad 1'
check "... warns" grep -q "warning: not enforced: .*files.toml:4:9: syscalls.deny reboot" "$tmp/attach.err"
let_go
check "... and writes it down" eval 'head -1 "$tmp/t.jsonl" | jq -e ".degraded | any(test(\"files.toml:4:9: syscalls.deny reboot\"))"'
check "... the trace fits the schema" "$here/scripts/validate-trace" "$tmp/t.jsonl"
run "$st" attach --cgroup "$group" --policy "$tmp/net.toml" -o /no/such/directory/t.jsonl
check "an output that cannot be made: nothing is in force" eval 'rc_is 125 && err_has "open output" && is connects bad 0'

exec 8>&-
wait $client
check "what was attached to ends as it would have" test $? = 0
client=
exec 7<&-
check "nothing is left in the cgroup" rmdir "$group"
group=

finish
