#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `sandtrace doctor` as root, without root, and in worlds where something is missing. TAP on stdout; needs root,
# jq, setpriv, unshare, script, bpftool. Usage: tests/cli/test_doctor.sh [SANDTRACE]
set -u
export LC_ALL=C.UTF-8 TERM=xterm-256color
unset NO_COLOR CLICOLOR CLICOLOR_FORCE
sandtrace=${1:-${SANDTRACE:-build/sandtrace}}
max_ms=${DOCTOR_MAX_MS:-1000} # 100 is usual; emulated machines are slower
n=0 failed=0

bail() { echo "Bail out! $*"; exit 1; }
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || bail "needs root"
for tool in jq setpriv unshare script bpftool findmnt; do
	command -v "$tool" >/dev/null || bail "$tool is not installed: scripts/deps installs it"
done
tmp=$(mktemp -d) || bail "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
# Reachable by every user.
chmod 755 "$tmp"
install -m 755 "$sandtrace" "$tmp/sandtrace" || bail "no $sandtrace: run make first"
st=$tmp/sandtrace

check() { # NAME COMMAND...: passes when COMMAND succeeds
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/check" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$tmp/check" "$tmp/err" | head -20
		failed=$((failed + 1))
	fi
}

# Each runs a command line and leaves $tmp/out, $tmp/err and $rc behind.
run() { "$@" >"$tmp/out" 2>"$tmp/err" </dev/null; rc=$?; }
as_nobody() { run setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

rc_is() { [ "$rc" = "$1" ] || { echo "exit status $rc, not $1"; return 1; }; }
quiet() { [ ! -s "$tmp/err" ]; }
out_has() { grep -qF -- "$1" "$tmp/out" || { echo "no '$1' in the output"; return 1; }; }
err_has() { grep -qF -- "$1" "$tmp/err" || { echo "no '$1' in the messages"; return 1; }; }
json() { jq -e "$@" "$tmp/out"; }
missing() { json --arg id "$1" '.missing | any(.id == $id and (.fix | length > 0))'; }
status() { json --arg id "$1" --arg s "$2" '.probes | any(.id == $id and .status == $s)'; }
# Closing a link detaches its program at once, but the kernel frees the program itself some time later.
no_cgroups() { ! find /sys/fs/cgroup -maxdepth 4 -type d -name 'sandtrace-doctor.*' | grep .; }
no_programs() { ! { bpftool prog show; bpftool map show; } | grep st_doctor; }
nothing_left() {
	local deadline=$((SECONDS + 10))

	no_cgroups || return 1
	until no_programs; do
		[ $SECONDS -lt $deadline ] || return 1
	done
}

# What doctor says of a world, `run` must find true in it: PREFIX... is how to enter it.
agrees() {
	local doctor

	"$@" "$st" doctor >"$tmp/out" 2>"$tmp/err"
	doctor=$?
	run "$@" "$st" run --trace-only -o /dev/null /bin/true
	if [ $doctor = 0 ]; then
		rc_is 0
	else
		[ $doctor = 4 ] && rc_is 125 && err_has "hint:"
	fi
}

schema='
def str: type == "string" and length > 0;
(keys == ["backend","classes","euid","kernel","machine","missing","ok","probes","version"])
and (.version | str) and (.kernel | str) and (.machine | str) and (.euid | type == "number")
and (.ok | type == "boolean") and (.backend == (if .ok then "ebpf" else "none" end))
and (.probes | length >= 35 and (map(.id) | unique | length) == length)
and (.probes | all((.id | test("^[a-z0-9_]+$")) and (.section | str) and (.what | str)
	and (.status == "ok" or .status == "no" or .status == "unknown") and (.required | type == "boolean")
	and (.detail | str) and (.gives | str) and (.fix | str)))
and (.ok == (.probes | all((.required | not) or .status == "ok")))
and (.classes | length >= 3 and all((.class | str) and (.hook | str) and (.backend | str)))
and (.missing | all((.id | str) and (.detail | str) and (.fix | str)))
and (if .ok then .missing == [] else .missing != [] end)'

# ---- as root ------------------------------------------------------------------------------------------------
run "$st" doctor --json
root_rc=$rc
check "root: one JSON line" test "$(wc -l <"$tmp/out")" = 1
check "root: JSON has every field" json "$schema"
check "root: exit status is 0 or 4 as JSON says" json --argjson rc "$rc" '$rc == (if .ok then 0 else 4 end)'
check "root: is root" json '.euid == 0 and .kernel == $k' --arg k "$(uname -r)"
check "root: no messages" quiet
run "$st" doctor
check "root: the page has the same exit status" rc_is "$root_rc"
check "root: the page names the backend" out_has "Backend: "
check "root: no line is longer than 80 columns" test "$(wc -L <"$tmp/out")" -le 80
check "root: no colour into a pipe" eval '! grep -q $'"'\\033'"' "$tmp/out"'
check "root: marks in UTF-8" out_has "✓ root"
check "root: nothing is left behind" nothing_left

check "root: run agrees" agrees

LC_ALL=C run "$st" doctor
check "C locale: plain ASCII" eval '! LC_ALL=C grep -q "[^ -~]" "$tmp/out"'
check "C locale: words as marks" out_has "ok root"

terminal() { script -qec "stty cols $1; $2" /dev/null </dev/null >"$tmp/out" 2>"$tmp/err"; rc=$?; }
terminal 100 "$st doctor"
check "terminal: coloured" grep -q $'\033\\[' "$tmp/out"
check "terminal: exit status" rc_is "$root_rc"
terminal 100 "$st doctor --no-color"
check "terminal: --no-color" eval '! grep -q $'"'\\033'"' "$tmp/out"'
terminal 100 "NO_COLOR=1 $st doctor"
check "terminal: NO_COLOR" eval '! grep -q $'"'\\033'"' "$tmp/out"'
terminal 100 "$st doctor --no-color"
check "terminal: uses its width, no more" eval 'w=$(tr -d "\r" <"$tmp/out" | wc -L); echo $w; [ $w -gt 80 ] && [ $w -le 100 ]'

best=999999
for _ in 1 2 3 4 5; do
	start=$(date +%s%N)
	run "$st" doctor --json
	ms=$((($(date +%s%N) - start) / 1000000))
	[ $ms -lt $best ] && best=$ms
done
check "takes $best ms, at most $max_ms" test $best -le "$max_ms"

# Interrupted at any moment, it cleans up.
for delay in 0.001 0.01 0.02 0.03 0.04 0.05 0.06 0.07 0.08; do
	run timeout -s INT "$delay" "$st" doctor --json
done
check "interrupted: nothing is left behind" nothing_left

# A parent that ignores SIGCHLD leaves it ignored in us; the children's results must not get lost.
run "$st" doctor --json
jq -S '.probes | map({id, status})' "$tmp/out" >"$tmp/normal"
run perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$st" doctor --json
check "SIGCHLD ignored: same findings" diff <(jq -S '.probes | map({id, status})' "$tmp/out") "$tmp/normal"

# ---- bad usage and bad output -------------------------------------------------------------------------------
run "$st" doctor --bogus
check "unknown option: exit status 2" rc_is 2
check "unknown option: named" err_has "--bogus"
run "$st" doctor extra
check "stray argument: exit status 2" rc_is 2
run "$st" doctor --help
check "--help: exit status 0" rc_is 0
check "--help: on standard output" out_has "--json"
run sh -c '"$1" doctor --json >/dev/full' - "$st"
check "full disk: exit status 1" rc_is 1
check "full disk: a message with the reason" err_has "No space left on device"
run sh -c '"$1" doctor >&-' - "$st"
check "closed standard output: exit status 1" rc_is 1

# ---- without root -------------------------------------------------------------------------------------------
as_nobody "$st" doctor --json
check "nobody: exit status 4" rc_is 4
check "nobody: JSON has every field" json "$schema"
check "nobody: uid" json '.euid == 65534'
check "nobody: CAP_BPF is missing" missing cap_bpf
check "nobody: CAP_PERFMON is missing" missing cap_perfmon
check "nobody: what could not be tried is unknown, not missing" status tp_btf_process unknown
check "nobody: says what works without root" status seccomp_filter ok
as_nobody "$st" doctor
check "nobody: the page has exit status 4" rc_is 4
check "nobody: the page says what to do" out_has "run as root"
check "nobody: no messages" quiet
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
check "nobody: run agrees" agrees "${nobody[@]}"
nobody+=(--inh-caps=+bpf,+perfmon,+dac_override --ambient-caps=+bpf,+perfmon,+dac_override)
run "${nobody[@]}" "$st" doctor --json
check "nobody with the capabilities that the fix names: as good as root" rc_is "$root_rc"
check "nobody with the capabilities that the fix names: run agrees" agrees "${nobody[@]}"

# ---- degraded worlds ----------------------------------------------------------------------------------------
run unshare -U "$st" doctor --json
check "user namespace: exit status 4" rc_is 4
check "user namespace: is the reason" missing init_userns
check "user namespace: run agrees" agrees unshare -U
run unshare -Ur "$st" doctor --json
check "root of a user namespace: exit status 4" rc_is 4
check "root of a user namespace: is the reason" missing init_userns
check "root of a user namespace: its CAP_BPF does not count" status cap_bpf no

run setpriv --bounding-set=-bpf,-perfmon,-sys_admin "$st" doctor --json
check "root without capabilities: exit status 4" rc_is 4
check "root without capabilities: CAP_BPF is missing" missing cap_bpf
check "root without capabilities: run agrees" agrees setpriv --bounding-set=-bpf,-perfmon,-sys_admin

# libbpf also looks for the kernel's types in /boot and /lib/modules.
hide='for d in /sys/kernel/btf /boot /lib/modules /usr/lib/debug; do
	[ ! -d $d ] || mount -t tmpfs none $d || exit 99
done; exec "$@"'
run unshare -m --propagation private sh -c "$hide" - "$st" doctor --json
check "no BTF: exit status 4" rc_is 4
check "no BTF: JSON has every field" json "$schema"
check "no BTF: is the only reason" eval 'missing btf_vmlinux && json ".missing | length == 1"'
check "no BTF: raw tracepoints do not need it" eval '[ $root_rc != 0 ] || status raw_tracepoint ok'
run unshare -m --propagation private sh -c "$hide" - "$st" doctor
check "no BTF: the page names the kernel option" out_has "CONFIG_DEBUG_INFO_BTF"
check "no BTF: run agrees" agrees unshare -m --propagation private sh -c "$hide" -

hide='findmnt -rno TARGET -t cgroup2 | while read -r m; do umount -l "$m" || exit 99; done; exec "$@"'
run unshare -m --propagation private sh -c "$hide" - "$st" doctor --json
check "no cgroup v2: exit status 4" rc_is 4
check "no cgroup v2: is a reason" missing cgroup2
check "no cgroup v2: what builds on it is unknown" status cgroup_freeze unknown
run unshare -m --propagation private sh -c "$hide" - "$st" doctor
check "no cgroup v2: the page says how to mount it" out_has "mount -t cgroup2"
check "no cgroup v2: run agrees" agrees unshare -m --propagation private sh -c "$hide" -

hide='findmnt -rno TARGET -t cgroup2 | while read -r m; do mount -o remount,bind,ro "$m" || exit 99; done; exec "$@"'
run unshare -m --propagation private sh -c "$hide" - "$st" doctor --json
check "read-only cgroup v2: exit status 4" rc_is 4
check "read-only cgroup v2: is the reason" eval 'missing cgroup_child && json ".missing[].detail | test(\"EROFS\")"'
check "read-only cgroup v2: run agrees" agrees unshare -m --propagation private sh -c "$hide" -

check "at the end nothing is left behind" nothing_left
echo "1..$n"
[ $failed = 0 ]
