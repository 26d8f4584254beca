#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `sandtrace policy`: each command's exit status, text and JSON. TAP on stdout; needs root, jq, setpriv.
# Usage: tests/cli/test_policy.sh [SANDTRACE]
set -u
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1
export TERM=dumb COLUMNS=80
need root sandtrace jq setpriv
# not below /tmp: the sandbox has its own
make_tmp /var/lib/sandtrace-test.XXXXXX
make_copy
export HOME=$tmp/home
mkdir -p "$HOME/.ssh" "$tmp/p/.git/hooks"
echo key >"$HOME/.ssh/id_rsa"
cd "$tmp" || exit 1

# expect NAME STATUS TEXT... -- ARGUMENT...: every TEXT is in stdout or stderr
expect() {
	local name=$1 status=$2 texts=()
	shift 2
	while [ "$1" != -- ]; do texts+=("$1"); shift; done
	shift
	run "$st" policy "$@"
	check "$name" said "$status" "${texts[@]}"
}
said() {
	local t
	rc_is "$1" || return 1
	shift
	for t; do grep -qF -- "$t" out err || { echo "does not say: $t"; return 1; }; done
}

cat >good.toml <<'T'
[filesystem]
allow_read = ["/usr", "/lib", "/lib64", "./nothing", "./p"]
relative_to = "cwd"
deny = ["**/.env", "/etc/shadow"]
T
printf '[filesystem]\nallow_raed = ["/usr"]\n' >bad.toml
printf '[filesystem]\nallow_write = ["./link", "/dev/kmsg", "./gone"]\nrelative_to = "cwd"\n' >unenforced.toml
ln -s /etc link
printf '[filesystem]\nallow_read = ["/usr", "./p"]\nallow_write = ["./p"]\nprotect_project = true\nrelative_to = "cwd"\n' >project.toml

# ---- usage
expect "no command" 2 "check, explain, why" --
expect "unknown command" 2 "did you mean 'policy explain'" -- explian
expect "--help" 0 "Usage: sandtrace policy" "--json" -- --help
expect "unknown option" 2 "no option" "did you mean '--json'" -- explain --jsno
expect "an option of another command" 2 "no option" -- check --json good.toml
expect "a value that is missing" 2 "needs a value" -- why --policy
expect "nothing to ask" 2 "usage: sandtrace policy why" -- why
expect "two questions" 2 "one at a time" -- why /usr /etc

# ---- check
expect "check: good" 0 "good.toml: ok" -- check good.toml
expect "check: unknown key with its place" 1 "bad.toml:2" "allow_raed" -- check bad.toml
expect "check: one bad of two" 1 "good.toml: ok" "bad.toml:2" -- check good.toml bad.toml
expect "check: missing file" 1 "none.toml" -- check ./none.toml
expect "check: a directory is no policy" 1 "./p" -- check ./p
head -c 1000000 /dev/zero | tr '\0' '#' >big.toml
expect "check: too large" 1 "big.toml" -- check big.toml
for f in "$here"/policies/*.toml; do expect "check: shipped $(basename "$f")" 0 ": ok" -- check "$f"; done

# ---- show, syscalls
expect "show: names" 0 "default" "strict" -- show
expect "show: text" 0 "[filesystem]" -- show strict
expect "show: merged" 0 "allow_read" -- show good.toml
expect "show: unknown" 1 "nonesuch" -- show nonesuch
expect "syscalls" 0 "io_uring_setup" -- syscalls
run "$st" policy syscalls --json strict
check "syscalls: JSON lines" jq -es 'length > 300' out

# ---- explain
expect "explain: every rule is enforced" 0 "\`run\` enforces every rule here." "not there" "mount, landlock" "What stays open" \
	-- explain good.toml
widest() { awk '{ if (length($0) > w) w = length($0) } END { exit !(w <= '"$1"' && w > '"$1"' - 20) }' out; }
check "explain: fits 80 columns" widest 80
COLUMNS=120 run "$st" policy explain good.toml --read=/etc/ssl
check "explain: no wider than 120 columns" awk 'length($0) > 120 { exit 1 }' out
expect "explain: what cannot be enforced" 4 "NOT ENFORCED" "is a link to /etc" "mkdir -p" "3 rules cannot be enforced" \
	-- explain unenforced.toml
run "$st" policy explain --json unenforced.toml
check "explain: JSON" json '.enforced == false and ([.rules[] | select(.enforced == false)] | length) == 3
	and (.sha256 | length) == 64 and (.open | length) > 0'
run "$st" policy explain --json good.toml
check "explain: JSON names place and mechanism" json 'any(.rules[]; .where == "good.toml:2:15" and .rule == "read /usr" and
	(.enforced_by | test("mount")) and .here == "there")'
run "$st" policy explain --json --allow-net --allow-exec default
check "explain: options of run" json '.enforced and any(.open[]; test("every host")) and any(.open[]; test("can be executed"))'
for f in "$here"/policies/*.toml; do
	run "$st" policy explain --json "$f"
	# a shipped policy may name a directory of the project that is to be made first
	check "explain: shipped $(basename "$f") has nothing unenforced but missing directories" \
		json 'all(.rules[]; .enforced or (.hint // "" | test("mkdir")))'
done
# deny_write and deny_exec, and what `attach` would make of it
cat >kept.toml <<'T'
[filesystem]
relative_to = "policy"
allow_read = ["/usr", "/lib", "/lib64"]
allow_write = ["./p"]
deny_write = ["./p/.git", "/proc/sys", "./nothing", "./p/alias"]
deny_exec = ["/tmp", "/usr/bin/ls"]
[network]
allow = ["127.0.0.1:80"]
[syscalls]
deny = ["mount", "reboot"]
[limits]
pids = 7
T
ln -s .git/hooks p/alias
mkfifo p/fifo
printf '[filesystem]\nallow_write = ["./p"]\ndeny_write = ["/dev/null", "./p/fifo"]\ndeny_exec = ["/"]\nrelative_to = "policy"\n' >odd.toml
expect "explain: what is taken away" 0 "deny write ./p/.git" "deny exec /tmp" "the sandbox's own" "deny_write keeps" "every rule here" \
	-- explain kept.toml
check "explain: fits 80 columns with what runs already" widest 80
expect "explain: rules hold for names that come later, too" 0 "on files that come later too" -- explain kept.toml
expect "explain: what cannot be taken away" 4 "own, and a device" "is a FIFO" "holds every program" \
	"3 rules cannot be enforced" -- explain odd.toml
expect "explain: nor is silent about its place" 4 "odd.toml" "3:15" "4:14" -- explain odd.toml
run "$st" policy explain --json kept.toml
check "explain: JSON: what runs already" json 'all(.rules[] | select(.where // "" | test("kept.toml:([3-9]|10):"));
	has("live") or has("live_reason"))
	and any(.not_live[]; .where == "kept.toml:12:8" and .kind == "launch" and .text == "limits.pids: only at a launch")
	and any(.not_live[]; .kind == "hook" and (.text | test("reboot")))'
if json '.rules[] | select(.rule == "deny mount") | .live == "lsm"' >/dev/null; then
	expect "explain: what runs already, with BPF LSM" 0 "mount, umount2, move_mount" "write nothing else" "not there now" -- explain kept.toml
else
	echo "# no BPF LSM here"
	expect "explain: what runs already, without BPF LSM" 0 "What runs already" "needs BPF LSM" "no hook sees it" "only at a launch" \
		"attach --cgroup" -- explain kept.toml
fi
export -n COLUMNS
as_nobody "$st" policy explain kept.toml
check "explain: what runs already, as an ordinary user" grep -q '`attach` needs root' out
as_nobody "$st" policy explain --json good.toml
check "explain: as an ordinary user" json '.enforced'
as_nobody "$st" policy explain --json --net 192.0.2.1:80 good.toml
check "explain: hosts need root" json '.enforced == false and any(.rules[]; .here == "needs root")'
export COLUMNS=80
printf '[filesystem]\nallow_read = ["/tmp/\\u001b[31mred"]\n' >escape.toml
run "$st" policy explain escape.toml
check "explain: no control bytes of a policy" bash -c '! grep -q $'"'\\033'"' out err'

# ---- why
expect "why: granted" 0 "reading is allowed" 'good.toml:2:15: filesystem.allow_read "/usr"' -- why --policy good.toml /usr/bin
expect "why: not granted, and how" 1 "refused" "layer  mount" "--read /etc/hostname" \
	'filesystem.allow_read = ["/etc/hostname"]' -- why --policy good.toml /etc/hostname
expect "why: denied" 1 "refused" 'filesystem.deny "/etc/shadow"' "take the rule out" -- why --policy good.toml /etc/shadow
expect "why: through a link of the system" 0 "it is /usr/lib" -- why --policy good.toml /lib/x
expect "why: the private home" 1 "the sandbox's own" -- why "$HOME/.ssh/id_rsa"
expect "why: ~" 1 "id_rsa" -- why '~/.ssh/id_rsa'
expect "why: written" 1 "writing is refused" "--write" -- why --policy good.toml --write /usr/x
expect "why: a hook of a project" 1 "protected" -- why --policy project.toml --write p/.git/hooks/pre-commit
expect "why: the rest of it" 0 "writing is allowed" -- why --policy project.toml --write p/new
expect "why: executed" 1 "executing is refused" "--allow-exec" -- why --policy good.toml --exec /usr/bin/ls
expect "why: with an option of run" 0 "allowed" -- why --policy good.toml --allow-exec --exec /usr/bin/ls
expect "why: an address" 1 "connecting is refused" "--net 192.0.2.1:80" -- why 192.0.2.1:80
expect "why: an address that is listed" 0 "allowed" "--net 192.0.2.0/24:80" -- why --net 192.0.2.0/24:80 192.0.2.7:80
expect "why: its other port" 1 "not listed" -- why --net 192.0.2.0/24:80 192.0.2.7:81
expect "why: IPv6" 0 "allowed" -- why --net '[2001:db8::1]:1-9' '[2001:db8:0::1]:9'
expect "why: all of the network" 0 "allowed" -- why --allow-net example.org:443
expect "why: a call" 0 "read: allowed" -- why read
expect "why: a call that is refused" 1 "refused" "layer  seccomp" -- why io_uring_setup
expect "why: a call that no policy can allow" 1 "no policy can" -- why kexec_load
expect "why: by arguments" 0 "depends on its arguments" -- why ioctl
expect "why: neither" 2 "is no path" "./nonesuch" -- why nonesuch

expect "why: kept" 1 "writing is refused" "kept as it is" 'kept.toml:5:15: filesystem.deny_write "./p/.git"' "take the rule out" \
	-- why --policy kept.toml --write p/.git/hooks/x
expect "why: kept by a link" 1 'filesystem.deny_write "./p/' -- why --policy kept.toml --write p/alias/x
expect "why: what is kept can be read" 0 "reading is allowed" 'kept.toml:4:16: filesystem.allow_write "./p"' \
	-- why --policy kept.toml p/.git
expect "why: not executed" 1 "kept from being executed" 'kept.toml:6:22: filesystem.deny_exec "/usr/bin/ls"' \
	-- why --policy kept.toml --allow-exec --exec /usr/bin/ls
expect "why: allowing it as well would not help" 1 'filesystem.deny_write "./p/.git"' "take the rule out" \
	-- why --policy kept.toml --write="$PWD/p/.git" --write p/.git/hooks

# ---- in force: as root, and as a user whose the project is
cat >box.toml <<'T'
extends = "default"
[filesystem]
allow_write = ["/PROJECT"]
allow_exec = ["**"]
deny_write = ["/PROJECT/keep", "/PROJECT/one", "/var/tmp"]
deny_exec = ["/PROJECT/data", "/tmp"]
T
sed -i "s|/PROJECT|$tmp/box|g" box.toml
mkdir -p box/keep box/data box/way/down
cp /bin/true box/keep/prog
cp /bin/true box/data/prog
cp /bin/true box/one
cat >box/try.sh <<'T'
cd "$1" || exit 1
can() { what=$1; shift; "$@" 2>/dev/null && echo "can $what" || echo "cannot $what"; }
can "write below" sh -c 'echo x >keep/new'
can "append" sh -c 'echo x >>keep/prog'
can "remove" rm -f keep/prog
can "change the mode" chmod 700 keep/prog
can "write the file" sh -c 'echo x >>one'
can "replace it" mv way one
can "link it away" ln one way/one
can "move the directory away" mv keep kept
can "run what is kept" keep/prog
can "write elsewhere" sh -c 'echo x >way/x'
can "write data" sh -c 'echo x >data/x'
can "run data" data/prog
can "run it by its loader" /lib64/ld-linux-x86-64.so.2 data/prog
can "run data by a link" sh -c 'ln -s ../data/prog way/l && way/l'
can "run a copy" sh -c 'cp data/prog way/prog && way/prog'
can "run in tmp" sh -c 'cp /bin/true /tmp/p && /tmp/p'
can "write in var tmp" sh -c 'echo x >/var/tmp/x'
can "write in tmp" sh -c 'echo x >/tmp/x'
T
cat >want <<'T'
cannot write below
cannot append
cannot remove
cannot change the mode
cannot write the file
cannot replace it
cannot link it away
cannot move the directory away
can run what is kept
can write elsewhere
can write data
cannot run data
cannot run it by its loader
cannot run data by a link
can run a copy
cannot run in tmp
cannot write in var tmp
can write in tmp
T
rm -rf box/way/*
run "$st" run --backend none -q --policy ./box.toml -- sh "$tmp/box/try.sh" "$tmp/box"
check "in force: as root" diff want out
rm -rf box/way/* box/data/x
run "$st" run --backend none -q --overlay --policy ./box.toml -- sh "$tmp/box/try.sh" "$tmp/box"
check "in force: below an overlay" diff want out
check "and the host is as it was" test ! -e box/way/x -a ! -e box/data/x
rm -rf box/way/* box/data/x
chmod 755 "$tmp"
chown -R 65534:65534 box
as_nobody "$st" run --backend none -q --policy ./box.toml -- sh "$tmp/box/try.sh" "$tmp/box"
check "in force: as an ordinary user" diff want out
printf '[filesystem]\nallow_exec = ["**"]\nallow_read = ["/"]\nallow_write = ["%s"]\ndeny_exec = ["%s"]\n' "$tmp/box" "$tmp/box/data/prog" >one.toml
run "$st" run --backend none -q --overlay --policy ./one.toml -- true
check "in force: or the run ends with the rule's place" said 125 "one.toml:5:14" "an overlay can only hold"

# ---- learn
mkdir -p app/src
for i in 1 2 3 4 5; do echo $i >app/src/$i; done
echo SECRET=1 >app/.env
ln -s src/1 app/alias
cat >app/run.sh <<'T'
#!/bin/sh
cd "$(dirname "$0")" || exit 1
cat src/* alias >out.txt || exit 1
cat ~/.ssh/id_rsa .env 2>/dev/null
mkdir -p d && mv out.txt d/ && cat d/out.txt && rm -r d
T
chmod +x app/run.sh
run "$st" run -q --trace-only -o free.jsonl -- app/run.sh
check "learn: the run to learn from" test $rc = 0
run "$st" policy learn -o free.toml free.jsonl
check "learn: a policy" test $rc = 0 -a -s free.toml
run "$st" policy check free.toml
check "learn: that is one" test $rc = 0
check "learn: no credential is granted" bash -c '! grep -v "^#" free.toml | sed "/^deny/,/^]/d" | grep -E "id_rsa|[.]ssh|[.]env\""'
check "learn: but it is named" grep -q '^# .*id_rsa: looks like a credential' free.toml
check "learn: a secret in a writable directory is denied" bash -c 'sed -n "/^deny/,/^]/p" free.toml | grep -q "app/.env"'
check "learn: neither / nor the home nor /etc whole" bash -c '! grep -E "^\s*\"(/|/etc|'"$HOME"')\"," free.toml'
check "learn: five files of a directory are the directory" bash -c '! grep -q "src/1" free.toml'
check "learn: says how often and by whom" grep -qE '"/usr", # [0-9]+ times, by ' free.toml
run "$st" run -q --policy ./free.toml -o again.jsonl -- app/run.sh
check "learn: the run works under it" bash -c "test $rc = 0 && grep -q 5 out"
check "learn: and the credentials stay where they are" bash -c '! grep -qE "key|SECRET" out'
run "$st" policy learn -o free.toml free.jsonl
check "learn: nothing is overwritten" said 1 "exists"

# contained from the beginning: what was refused is what is missing
run "$st" run -q -o step.jsonl --allow-path app -- app/run.sh
check "learn: contained, it fails at first" test $rc != 0
cp step.jsonl all.jsonl
for round in 1 2 3 4; do
	rm -f step.toml
	"$st" policy learn -o step.toml step.jsonl 2>err || break
	run "$st" run -q -o step.jsonl --policy ./step.toml -- app/run.sh
	[ $rc = 0 ] && break
done
check "learn: contained, it works after some rounds ($round)" test $rc = 0

printf 'hello\n' >no.jsonl
run "$st" policy learn no.jsonl
check "learn: no trace" said 1 "not a trace"
run "$st" policy learn ./none.jsonl
check "learn: no file" said 1 "none.jsonl"
head -c 3000 free.jsonl >cut.jsonl
run "$st" policy learn cut.jsonl
check "learn: a cut trace is said" said 0 "has no end"
{ head -1 free.jsonl; printf '{"event_type":"syscall","pid":1,"syscall":"openat","args":{"decoded":{"dirfd":"AT_FDCWD",'
	printf '"path":"/usr/\\u001b\\n]x\\"","flags":"O_RDONLY"}},"return_value":3}\n'
	printf '{"event_type":"syscall","pid":1,"syscall":"connect","args":{"decoded":{"addr":{"family":"AF_INET",'
	printf '"address":"1.2.3.4\\"\\nx=1","port":80}}},"return_value":0}\n[1]\n{"a":\n'; } >evil.jsonl
run "$st" policy learn evil.jsonl
check "learn: a hostile trace makes no other keys" bash -c "test $rc = 0 && ! grep -q '^x=1' out && ! grep -q \$'\\033' out"
yes '{"event_type":"syscall","x":"' | head -c 6000000 | tr -d '\n' >long.jsonl
{ head -1 free.jsonl; cat long.jsonl; } >long2.jsonl
run "$st" policy learn long2.jsonl
check "learn: an endless record ends it" said 125 "more than 4 MiB"

finish
