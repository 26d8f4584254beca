#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `sandtrace doctor` as root, without root, and in worlds where something is missing. TAP on stdout; needs root,
# jq, setpriv, prlimit, unshare, perl, script, bpftool. Usage: tests/cli/test_doctor.sh [SANDTRACE]
set -u
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1
export TERM=xterm-256color
max_ms=${DOCTOR_MAX_MS:-1000} # 100 is usual; emulated machines are slower
PATH=$PATH:/usr/sbin:/sbin
need root sandtrace jq setpriv prlimit unshare perl script bpftool findmnt
make_tmp
make_copy

missing() { json --arg id "$1" '.missing | any(.id == $id and (.fix | length > 0))'; }
# It is why ptrace stands in for eBPF.
noted() { json --arg id "$1" '.noted | any(.id == $id and (.fix | length > 0))'; }
with_ptrace() { # RUN: what doctor says of it
	json --arg r "$1" '.run == $r and .backend == "ptrace" and .trace_only == "ptrace" and (.verdict | test("with ptrace"))
		and (.note | test("eBPF, which does not work here: ")) and (.fix | length > 0)'
}
status() { json --arg id "$1" --arg s "$2" '.probes | any(.id == $id and .status == $s)'; }
# Closing a link detaches its program at once, but the kernel frees the program itself some time later.
no_cgroups() { ! find /sys/fs/cgroup -maxdepth 4 -type d -name 'sandtrace-doctor.*' | grep .; }
no_programs() { ! { bpftool prog show; bpftool map show; } | grep st_doctor; }
nothing_left() {
	local deadline=$((SECONDS + 10))

	# somebody else's doctor may be at work
	until no_cgroups && no_programs; do
		[ $SECONDS -lt $deadline ] || return 1
	done
}

# What doctor says of a world, `run` must find true in it: PREFIX... is how to enter it.
# After a run with -o -: recorded with BACKEND, or refused with a way out when that is "none". In the trace's header stands why
# it is not eBPF.
recorded_with() { # BACKEND
	if [ "$1" = none ]; then
		rc_is 125 && { err_has "hint:" || err_has "start the guard process: Resource temporarily"; }
	else
		rc_is 0 && head -1 "$tmp/out" |
			jq -e --arg b "$1" '.backend == $b and ((.backend_reason // "" | length) > 0) == ($b != "ebpf")'
	fi
}
agrees() {
	local doctor trace_only contain backend ebpf ptrace

	run "$@" "$st" doctor --json
	doctor=$rc
	read -r trace_only backend contain ebpf ptrace < <(jq -r '[.trace_only, .backend, .contain,
		(if .backends.ebpf.works then "ebpf" else "none" end),
		(if .backends.ptrace.works then "ptrace" else "none" end)] | join(" ")' "$tmp/out")
	run "$@" "$st" run -q --trace-only -o - /bin/true
	recorded_with "$trace_only" || { echo "--trace-only, doctor says $trace_only"; return 1; }
	run "$@" "$st" run -q --trace-only --backend ebpf -o - /bin/true
	recorded_with "$ebpf" || { echo "--trace-only --backend ebpf, doctor says $ebpf"; return 1; }
	run "$@" "$st" run -q --trace-only --backend ptrace -o - /bin/true
	recorded_with "$ptrace" || { echo "--trace-only --backend ptrace, doctor says $ptrace"; return 1; }
	run "$@" "$st" run -q --backend none /bin/true
	{ [ "$contain" = true ] && rc_is 0; } || { [ "$contain" = false ] && rc_is 125; } ||
		{ echo "--backend none, doctor says $contain"; return 1; }
	run "$@" "$st" run -q -o - /bin/true
	[ "$contain" = true ] || backend=none
	recorded_with "$backend" || { echo "run, doctor says $backend"; return 1; }
	[ $doctor = $((rc == 0 ? 0 : 4)) ]
}
# What doctor says would enforce the limits is what the trace of a run says does: PREFIX... as above.
limits_agree() {
	local kind title rlimit by text

	run "$@" "$st" run -q --backend none -o - /bin/true
	head -1 "$tmp/out" >"$tmp/header"
	run "$@" "$st" doctor --json
	while read -r kind title rlimit; do
		by=$(jq -r --arg c "$title limit" '.classes[] | select(.class == $c) | .backend' "$tmp/out")
		case $by in
		cgroup2) text="cgroup v2 $kind:" ;;
		cgroup1) text="cgroup v1 $kind:" ;;
		rlimit) text=$rlimit: ;;
		*) text=none ;;
		esac
		jq -e --arg t "$text" '.layers | any(startswith("limits: ") and contains($t))' "$tmp/header" ||
			{ echo "$kind: doctor says $by"; jq -c .layers "$tmp/header"; return 1; }
	done <<-'EOF'
		memory memory RLIMIT_DATA
		pids process RLIMIT_NPROC
	EOF
}
# NAME PATTERN PREFIX...: in that world nothing can be contained, and doctor and `run` give the cause that PATTERN
# matches, with a way out. The text, not only the id, because the cause is the point.
cause() {
	local name=$1 pattern=$2
	shift 2
	run "$@" "$st" doctor --json
	check "$name: exit status 4" rc_is 4
	check "$name: JSON has every field" json "$schema"
	check "$name: not contained" json '.contain == false and .run != "contain" and .run != "record+contain"'
	check "$name: the verdict names the cause" json --arg p "$pattern" '.verdict | test($p)'
	check "$name: with a way out" json '.fix | length > 0'
	check "$name: run agrees" agrees "$@"
}
# The same, and the message of `run` is as exact.
cause_of_both() {
	cause "$@"
	local name=$1 pattern=$2
	shift 2
	run "$@" "$st" run -q --backend none /bin/true
	check "$name: run names the cause" grep -qE -- "$pattern" "$tmp/err"
	check "$name: run gives the way out" err_has "hint:"
}

schema='
def str: type == "string" and length > 0;
(keys == ["backend","backends","classes","contain","euid","fix","kernel","machine","missing","note","noted","ok","probes",
	"record","run","trace_only","verdict","version"])
and (.version | str) and (.kernel | str) and (.machine | str) and (.euid | type == "number")
and (.record | type == "boolean") and (.contain | type == "boolean") and (.ok == (.record and .contain))
and (.verdict | str) and (.fix | type == "string") and (.note | type == "string")
and (.backends | keys == ["ebpf","ptrace","ptrace_sandbox"] and all((.works | type == "boolean") and (.fix | type == "string")
	and .works == (.reason == "")))
and (.trace_only == (if .backends.ebpf.works then "ebpf" elif .backends.ptrace.works then "ptrace" else "none" end))
and (.backend == (if .contain | not then .trace_only elif .backends.ebpf.works then "ebpf"
	elif .backends.ptrace_sandbox.works then "ptrace" else "none" end))
and (.record == (.backend != "none")) and ((.note == "") == (.backend != "ptrace"))
and (.run == (if .ok then "record+contain" elif .contain then "contain" elif .record then "record" else "none" end))
and ((.ok and .backend == "ebpf") == (.fix == ""))
and (.probes | length >= 50 and (map(.id) | unique | length) == length)
and (.probes | all((.id | test("^[a-z0-9_]+$")) and (.section | str) and (.what | str)
	and (.status == "ok" or .status == "no" or .status == "unknown") and (.required | type == "boolean")
	and (.contains | type == "boolean")
	and (.detail | str) and (.gives | str) and (.fix | str)))
and (.backends.ebpf.works == (.probes | all((.required | not) or .status == "ok")))
and (.contain == (.probes | all((.contains | not) or .status == "ok")))
and (.classes | length >= 8 and all((.class | str) and (.hook | str) and (.backend | str)))
and (.missing + .noted | all((.id | str) and (.detail | str) and (.fix | str)))
and ((.noted != []) == (.backend == "ptrace"))
and (if .ok then .missing == [] else .missing != [] end)'

# ---- as root ------------------------------------------------------------------------------------------------
run "$st" doctor --json
root_rc=$rc
check "root: one JSON line" test "$(wc -l <"$tmp/out")" = 1
check "root: JSON has every field" json "$schema"
check "root: exit status is 0 or 4 as JSON says" json --argjson rc "$rc" '$rc == (if .ok then 0 else 4 end)'
check "root: is root" json '.euid == 0 and .kernel == $k' --arg k "$(uname -r)"
check "root: no messages" silent
run "$st" doctor
check "root: the page has the same exit status" rc_is "$root_rc"
check "root: the page names the backend" out_has "Backend: "
check "root: the third line is the verdict" eval 'sed -n 3p "$tmp/out" | grep -q "\`sandtrace run"'
check "root: no line is longer than 80 columns" test "$(wc -L <"$tmp/out")" -le 80
check "root: no colour into a pipe" eval '! grep -q $'"'\\033'"' "$tmp/out"'
check "root: marks in UTF-8" out_has "✓ root"
check "root: nothing is left behind" nothing_left

check "root: run agrees" agrees
[ "$root_rc" != 0 ] || check "root: the limits are those of a run" limits_agree

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
check "nobody: exit status 0" rc_is 0
check "nobody: JSON has every field" json "$schema"
check "nobody: uid" json '.euid == 65534'
check "nobody: is for want of CAP_BPF" noted cap_bpf
check "nobody: is for want of CAP_PERFMON" noted cap_perfmon
check "nobody: what could not be tried is unknown, not missing" status tp_btf_process unknown
check "nobody: says what works without root" status seccomp_filter ok
check "nobody: records with ptrace" with_ptrace record+contain
check "nobody: names the sysctl too" json '.note | test("CAP_BPF: .*kernel.unprivileged_bpf_disabled = [012]")'
as_nobody "$st" doctor
check "nobody: the page has exit status 0" rc_is 0
check "nobody: the page names the backend" out_has "Backend: ptrace."
check "nobody: the note follows the verdict" eval 'sed -n 4p "$tmp/out" | grep -q "^    note: each call costs more"'
check "nobody: the page says what to do" out_has "run as root"
check "nobody: no messages" silent
check "nobody: run agrees" agrees "${nobody[@]}"
check "nobody: the limits are those of a run" limits_agree "${nobody[@]}"
capable=("${nobody[@]}" --inh-caps=+bpf,+perfmon,+dac_override --ambient-caps=+bpf,+perfmon,+dac_override)
run "${capable[@]}" "$st" doctor --json
check "nobody with the capabilities that the fix names: as good as root" rc_is "$root_rc"
check "nobody with the capabilities that the fix names: run agrees" agrees "${capable[@]}"

# ---- degraded worlds ----------------------------------------------------------------------------------------
run unshare -U "$st" doctor --json
check "user namespace: exit status 4" rc_is 4
check "user namespace: is the reason" noted init_userns
check "user namespace: records with ptrace" with_ptrace record
check "user namespace: run agrees" agrees unshare -U
run unshare -Ur "$st" doctor --json
check "root of a user namespace: exit status 4" rc_is 4
check "root of a user namespace: records with ptrace" with_ptrace record
check "root of a user namespace: not contained where setgroups is denied" missing id_maps
check "root of a user namespace: is the reason" noted init_userns
check "root of a user namespace: its CAP_BPF does not count" status cap_bpf no
check "root of a user namespace: run agrees" agrees unshare -Ur

run setpriv --bounding-set=-bpf,-perfmon,-sys_admin "$st" doctor --json
check "root without capabilities: exit status 0" rc_is 0
check "root without capabilities: is for want of CAP_BPF" noted cap_bpf
check "root without capabilities: records with ptrace" with_ptrace record+contain
check "root without capabilities: run agrees" agrees setpriv --bounding-set=-bpf,-perfmon,-sys_admin

# libbpf also looks for the kernel's types in /boot and /lib/modules.
hide='for d in /sys/kernel/btf /boot /lib/modules /usr/lib/debug; do
	[ ! -d $d ] || mount -t tmpfs none $d || exit 99
done; exec "$@"'
run unshare -m --propagation private sh -c "$hide" - "$st" doctor --json
check "no BTF: exit status 0" rc_is 0
check "no BTF: JSON has every field" json "$schema"
check "no BTF: is the only reason" eval 'noted btf_vmlinux && json ".noted | length == 1"'
check "no BTF: records with ptrace" with_ptrace record+contain
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

# ---- the sandbox, blocked in each known way -----------------------------------------------------------------
# NR SIZE ERRNO COMMAND...: a seccomp filter answers system call NR with ERRNO, if its second argument is SIZE or
# SIZE is "-". 88 is the size that clone3 is called with: so only a real attempt is refused, as by a security module.
cat >"$tmp/filter" <<'EOF'
use strict;
my ($nr, $size, $err) = splice @ARGV, 0, 3;
my @code = map { pack "SCCL", @$_ } [0x20, 0, 0, 0], [0x15, 0, $size eq "-" ? 1 : 3, $nr],
	($size eq "-" ? () : ([0x20, 0, 0, 24], [0x15, 0, 1, $size])), [6, 0, 0, 0x50000 | $err], [6, 0, 0, 0x7fff0000];
my $code = join "", @code;
my $prog = pack "SxxxxxxP", scalar @code, $code;
my $prctl = `uname -m` =~ /aarch64/ ? 167 : 157;
syscall($prctl, 38, 1, 0, 0, 0) == 0 && syscall($prctl, 22, 2, $prog) == 0 or die "seccomp: $!";
exec @ARGV or die "$ARGV[0]: $!";
EOF
chmod 644 "$tmp/filter"
filter=(perl "$tmp/filter")
clone3=435 unshare=$([ "$(uname -m)" = aarch64 ] && echo 97 || echo 272) fsopen=430 landlock=444
world=(unshare -m --propagation private sh -c)
none='echo 0 >/proc/sys/user/max_$1_namespaces || exit 99; shift; exec "$@"'

cause_of_both "userns limit 0" 'user\.max_user_namespaces = 0' unshare -Ur sh -c "$none" - user
cause_of_both "net namespace limit 0" 'user\.max_net_namespaces = 0' unshare -Ur sh -c "$none" - net
cause "cgroup namespace limit 0" 'user\.max_cgroup_namespaces = 0' unshare -Ur sh -c "$none" - cgroup
cause_of_both "limit of a namespace above" 'namespace above this one permits no more user namespaces' \
	unshare -Ur sh -c 'echo 1 >/proc/sys/user/max_user_namespaces || exit 99; exec unshare -Ur "$@"' -
cause_of_both "ids not mapped" 'not mapped in the user namespace' unshare -U
run unshare -Ur sh -c "$none" - user "$st" doctor --json
check "userns limit 0: the fix is the sysctl" json '.fix | test("sysctl user.max_user_namespaces=[1-9]")'

cause_of_both "clone3 hidden by a filter, root" 'seccomp filter refuses clone3\(\) with ENOSYS' "${filter[@]}" $clone3 - 38
cause_of_both "clone3 refused by a filter, nobody" 'seccomp filter refuses clone3\(\) with EPERM' "${nobody[@]}" "${filter[@]}" $clone3 - 1
cause "unshare refused by a filter" 'seccomp filter refuses unshare\(\) with EPERM' "${nobody[@]}" "${filter[@]}" $unshare - 1
cause "fsopen refused by a filter" 'fsopen: EPERM, and a seccomp filter' "${nobody[@]}" "${filter[@]}" $fsopen - 1
cause "Landlock refused by a filter" 'refuses landlock_create_ruleset\(\) with EPERM' "${nobody[@]}" "${filter[@]}" $landlock - 1
cause "Landlock not enabled" 'not enabled at boot' "${filter[@]}" $landlock - 95
run "${filter[@]}" $clone3 - 38 "$st" doctor --json
check "clone3 hidden by a filter: the fix is the profile" json '.fix | test("seccomp=unconfined")'

fake='mount -t tmpfs none /proc/sys/kernel && echo "$2" >"/proc/sys/kernel/$1" || exit 99; shift 2; exec "$@"'
debian=("${world[@]}" "$fake" - unprivileged_userns_clone 0 "${nobody[@]}" "${filter[@]}" $clone3 88 1)
cause_of_both "Debian's sysctl" "Debian's kernel\\.unprivileged_userns_clone = 0" "${debian[@]}"
run "${debian[@]}" "$st" doctor --json
check "Debian's sysctl: the fix" json '.fix == "sudo sysctl kernel.unprivileged_userns_clone=1"'
ubuntu=("${world[@]}" "$fake" - apparmor_restrict_unprivileged_userns 1 "${nobody[@]}" "${filter[@]}")
cause_of_both "Ubuntu's sysctl" "Ubuntu's kernel\\.apparmor_restrict_unprivileged_userns = 1" "${ubuntu[@]}" $clone3 88 13
run "${ubuntu[@]}" $clone3 88 13 "$st" doctor --json
check "Ubuntu's sysctl: the fix is a profile for this very program" \
	json --arg st "$st" '.fix | contains("profile sandtrace " + $st + " ") and test("apparmor_parser")'
cause "Ubuntu's powerless namespace" "Ubuntu's kernel\\.apparmor_restrict_unprivileged_userns = 1: unshare: EPERM" \
	"${ubuntu[@]}" $unshare - 1
cause "a refusal for other reasons" 'clone3: EPERM, and a seccomp filter is active' "${nobody[@]}" "${filter[@]}" $clone3 88 1

# ptrace is refused: as long as BPF works nobody needs it.
ptrace=$([ "$(uname -m)" = aarch64 ] && echo 117 || echo 101)
run "${filter[@]}" $ptrace - 1 "$st" doctor --json
check "no ptrace, root: same exit status" rc_is "$root_rc"
check "no ptrace, root: JSON has every field" json "$schema"
check "no ptrace, root: named" json '.backends.ptrace.reason | test("seccomp filter refuses ptrace\\(\\) with EPERM")'
check "no ptrace, root: run agrees" agrees "${filter[@]}" $ptrace - 1
run "${nobody[@]}" "${filter[@]}" $ptrace - 1 "$st" doctor --json
check "no ptrace, nobody: exit status 4" rc_is 4
check "no ptrace, nobody: JSON has every field" json "$schema"
check "no ptrace, nobody: contains without recording" json '.run == "contain" and (.verdict | test("--backend none"))'
check "no ptrace, nobody: both reasons" json '.verdict | test("CAP_BPF: .*ptrace.*seccomp filter refuses ptrace\\(\\) with EPERM")'
check "no ptrace, nobody: both are missing" eval 'missing cap_bpf && missing ptrace_sandbox'
check "no ptrace, nobody: both ways out" json '.fix | test("setcap .*; or, for ptrace: .*seccomp=unconfined")'
run "${nobody[@]}" "${filter[@]}" $ptrace - 1 "$st" doctor
check "no ptrace, nobody: the page names no backend" out_has "Backend: none."
check "no ptrace, nobody: run agrees" agrees "${nobody[@]}" "${filter[@]}" $ptrace - 1
# what the kernel answers is a filter's here, what it is told for is a file of ours
scope='mkdir -p /proc/sys/kernel && mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/yama &&
	echo "$1" >/proc/sys/kernel/yama/ptrace_scope || exit 99; shift; exec "$@"'
for n_scope in 2 3; do
	run "${world[@]}" "$scope" - $n_scope "${nobody[@]}" "${filter[@]}" $ptrace - 1 "$st" doctor --json
	check "yama $n_scope: is the reason" json --arg s $n_scope '.backends.ptrace.reason | test("kernel.yama.ptrace_scope = " + $s)'
	check "yama $n_scope: the row tells what follows" status yama no
done
check "yama 3: it takes a boot" json '.backends.ptrace.fix | test("boot again")'

mask='mount --bind /dev/null /proc/version || exit 99; exec "$@"'
cause "masked /proc, root" '/proc is masked: /proc/version is covered' "${world[@]}" "$mask" -
cause "masked /proc, nobody" '/proc is masked: /proc/version is covered' "${world[@]}" "$mask" - "${nobody[@]}"
run "${world[@]}" "$mask" - "$st" doctor --json
check "masked /proc: the fix" json '.fix | test("unmask=ALL") and test("umount /proc/version")'
cause "/proc of another PID namespace" "another PID namespace's" unshare -pf --kill-child sh -c 'exec "$@"' -
cause "read-only /proc" '/proc is read-only' "${world[@]}" 'mount -o remount,bind,ro /proc || exit 99; exec "$@"' - "${nobody[@]}"

mkdir "$tmp/root"
enter='for d in bin lib lib64 usr etc proc dev sys tmp; do
	[ ! -e "/$d" ] || { mkdir -p "$0/$d" && mount --rbind "/$d" "$0/$d"; } || exit 99
done; exec chroot "$0" "$@"'
cause_of_both "chroot" 'this is a chroot' "${world[@]}" "$enter" "$tmp/root"
cause_of_both "chroot, nobody" 'this is a chroot' "${world[@]}" "$enter" "$tmp/root" "${nobody[@]}"
cause_of_both "chroot at a mount point" 'this is a chroot' \
	"${world[@]}" 'mount --rbind / "$0" && exec chroot "$0" "$@"' "$tmp/root"

# Of a user who has no other process: it must be possible to execute.
cause "no new processes" 'RLIMIT_NPROC = 1 \(ulimit -u\)' \
	prlimit --nproc=1 setpriv --reuid=64321 --regid=64321 --clear-groups
cause "root without CAP_SETFCAP" 'root needs CAP_SETFCAP' setpriv --bounding-set=-setfcap
cause "root without CAP_SETGID" 'root needs CAP_SETGID' setpriv --bounding-set=-setgid
check "few descriptors: run agrees" agrees prlimit --nofile=40
run prlimit --nofile=40 "$st" doctor --json
check "few descriptors: records with ptrace" eval "with_ptrace record+contain && json '.note | test(\"ulimit -n\")'"
if [ "$root_rc" = 0 ]; then
	run "${world[@]}" "$mask" - "$st" doctor
	check "masked /proc: the third line says what works" eval 'sed -n 3p "$tmp/out" | grep -q "run --trace-only. records here"'
fi

check "at the end nothing is left behind" nothing_left
finish
