#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The command line: help, refusals and their messages, completions. Needs no privilege. An accepted command line of `run`
# is one that gets as far as looking for the command, which does not exist; what a policy says about values of the sandbox's
# options comes later, so these run `true`, contained, and are skipped where no sandbox can be made.
#
#   tests/cli/test_options.sh [SANDTRACE]
set -u
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1
need sandtrace
make_tmp
export OPT_B=outside

# expect NAME STATUS TEXT... -- ARGUMENT...: exit status, and every TEXT is in the output (both streams).
# With a TEXT that begins with '!', the rest must not be there.
expect() {
	local name=$1 want=$2 texts=() t got status
	shift 2
	while [ "$1" != -- ]; do texts+=("$1"); shift; done
	shift
	got=$("$bin" "$@" 2>&1 </dev/null)
	status=$?
	if [ $status -ne "$want" ]; then
		not_ok "$name" "exit status $status, wanted $want" "$got"
		return
	fi
	for t in "${texts[@]}"; do
		case "$t" in
		!*) [[ $got != *"${t#!}"* ]] ;;
		*) [[ $got == *"$t"* ]] ;;
		esac || { not_ok "$name" "text: $t" "$got"; return; }
	done
	ok "$name"
}
nowhere=/nonexistent/command
accepted() { local name=$1; shift; expect "accepted: $name" 127 "$nowhere" -- run "$@" $nowhere; }
refused() { # OPTION VALUE TEXT...: through both spellings; the option and the value are named
	local opt=$1 value=$2
	shift 2
	expect "refused: $opt=$value" 125 "$opt" "'$value'" "$@" -- run "$opt=$value" $nowhere
	expect "refused: $opt $value" 125 "$opt" "'$value'" "$@" -- run "$opt" "$value" $nowhere
}
# What a value means is a question of the policy, which is made after the command was found. Nothing is started.
policy_refuses() { # OPTION VALUE TEXT...
	local opt=$1 value=$2
	shift 2
	expect "refused by the policy: $opt $value" 125 "$opt" "!blocked" "$@" -- run --backend none "$opt" "$value" true
}
# contained NAME STATUS TEXT... -- ARGUMENT...: as expect, with a command that runs in a sandbox
if why=$("$bin" run --backend none -q true 2>&1 </dev/null); then can_contain=1; else can_contain=; fi
contained() {
	if [ -n "$can_contain" ]; then expect "$@"; else skip "$1" "no sandbox here: ${why%%$'\n'*}"; fi
}

# ---- subcommands
expect "no arguments: usage, 2" 2 "Usage: sandtrace" --
expect "--help" 0 "run " "doctor " "completion " "version " -- --help
expect "-h" 0 "Usage: sandtrace" -- -h
expect "help" 0 "Usage: sandtrace" -- help
expect "--version" 0 "sandtrace 0." -- --version
expect "version" 0 "sandtrace 0." -- version
expect "version takes no argument" 2 "'x'" -- version x
expect "unknown subcommand: nearest" 2 "'rnu'" "did you mean 'run'" -- rnu
expect "unknown subcommand: doctro" 2 "did you mean 'doctor'" -- doctro
expect "unknown subcommand: cut short" 2 "did you mean 'completion'" -- comp
expect "unknown subcommand: a command" 2 "'/bin/ls'" "sandtrace run /bin/ls" -- /bin/ls
expect "option before the subcommand" 2 "'--trace-only'" "follow the subcommand" -- --trace-only ls
expect "empty subcommand" 2 "''" -- ""
expect "help of an unknown subcommand" 2 "'rum'" "did you mean 'run'" -- help rum
expect "help of two subcommands" 2 "'doctor'" -- help run doctor
for c in run attach doctor policy bench help completion version; do
	expect "help $c" 0 "Usage: sandtrace $c" -- help $c
done
expect "run --help" 0 "--trace-only" "--ring-size" "%network" "Exit status" "--allow-path" "--overlay" -- run --help
expect "run -h after other options" 0 "Usage: sandtrace run" -- run -q --timeout 5 -h
expect "run -- --help is a command" 127 "--help: command not found" -- run -- --help
expect "completion --help" 0 "Usage: sandtrace completion" -- completion --help

for args in --help "help run" "help attach" "help doctor" "help policy" "help bench" "help help" "help completion" "help version"; do
	# shellcheck disable=SC2086
	wide=$("$bin" $args | awk 'length($0) > 79')
	if [ -z "$wide" ]; then ok "fits 80 columns: $args"; else not_ok "fits 80 columns: $args" "$wide"; fi
done
# cannot_write NAME TEXT COMMAND: it fails, and says why with TEXT
cannot_write() {
	local err
	if err=$(bash -c "$3" 2>&1); then
		not_ok "$1" "exit status 0" "$err"
	elif [[ $err == *"$2"* ]]; then
		ok "$1"
	else
		not_ok "$1" "$err"
	fi
}
for args in --help --version "help run" "completion bash"; do
	cannot_write "full disk: $args" "No space left" "'$bin' $args >/dev/full"
done
cannot_write "standard output closed" "Bad file descriptor" "'$bin' --help >&-"

# ---- the command
expect "no command" 125 "no command is given" "run [OPTION]... [--] COMMAND" -- run --trace-only
expect "no command after --" 125 "no command is given" -- run --trace-only --
expect "run alone" 125 "no command is given" -- run
expect "empty command" 127 "name of the command is empty" -- run --trace-only ""
expect "empty command after --" 127 "name of the command is empty" -- run --trace-only -- "" x
expect "empty command, contained" 127 "name of the command is empty" -- run --backend none ""
expect "a directory" 126 "/usr: cannot be executed" -- run /usr
expect "options of the command are its own" 127 "$nowhere" "!nosuch" -- run $nowhere --nosuch --timeout 0 -o
expect "-- before the command" 127 "-x: command not found" -- run -- -x
expect "a lone dash is a command" 127 "-: command not found" -- run -
contained "the command's status" 7 -- run --backend none -q -- sh -c 'exit 7'
contained "the command's signal" 137 -- run --backend none -q -- sh -c 'kill -9 $$'
contained "the timeout" 124 "timeout after 0.1 s" -- run --backend none --timeout 100ms -- sh -c 'while :; do :; done'

# ---- unknown, abbreviated, misplaced
expect "unknown long option" 125 "'--xyzzy'" "run --help" -- run --xyzzy true
expect "misspelt long option" 125 "'--timout'" "did you mean '--timeout'" -- run --timout=5 true
for a in --trace-onl --out --form=text --time --time=3 --follow --no-f --no-col --sum --q --verb --ring=64K --pol; do
	expect "abbreviation $a" 125 "there is no option '${a%%=*}'" -- run "$a" true
done
expect "abbreviation says what is meant" 125 "did you mean '--output'" -- run --outp x true
expect "ambiguous abbreviation" 125 "'--no'" -- run --no true
accepted "--trace is not short for --trace-only" --trace close
expect "unknown letter" 125 "'-z'" "run --help" -- run -z true
expect "unknown letter in a cluster" 125 "'-z'" "'-vz'" -- run -vz true
expect "one dash" 125 "two dashes: --timeout" -- run -timeout 5 true
expect "strace -f" 125 "'-f'" "recorded by default" -- run -f true
expect "--pid contains nothing" 125 "cannot be contained" "--trace-only" -- run -p $$
expect "--pid and a command" 125 "a command is given too" -- run --trace-only -p $$ true
expect "--pid and --backend ebpf" 125 "ptrace" "drop --backend ebpf" "sandtrace attach --pid" -- run --trace-only -p $$ --backend ebpf
expect "--pid of nobody" 125 "trace the command with ptrace: No such process" -- run --trace-only -p 4194303
expect "value where none is taken" 125 "--quiet takes no value" "'--quiet=1'" -- run --quiet=1 true
for o in -p --pid -o --output --format --timeout -e --trace --on-overload --ring-size --backend --policy --allow-path --read --write \
	--net --env --user --artifacts --quota --chdir --hostname --memory --pids --cpus --tmpfs-size --max-file-size --max-output --allow-degraded; do
	expect "$o without a value" 125 "needs a value" -- run "$o"
done
for o in --trace-only --allow-exec --allow-net --allow-unix --overlay --commit --tty; do
	expect "$o takes no value" 125 "$o takes no value" -- run "$o=1" true
done

# ---- values
for v in 1 30 0.5 1.5 500ms 1ms 30s 5m 1h 168h 604800; do accepted "--timeout $v" --timeout "$v"; done
refused --timeout 0 "no 'never'" "168h"
refused --timeout 0s "no 'never'"
refused --timeout 0.0000001 "shorter than 1 ms" "168h"
refused --timeout -5 "not negative" "168h"
refused --timeout 169h "longer than 7 days" "168h"
refused --timeout 99999999999999999999999999999999999999 "longer than 7 days"
for v in abc "" " 5" 5x 5d 0x10 1e3 inf nan 5ms5 . 1. +5; do refused --timeout "$v" "not a duration" "168h"; done
accepted "--output -" -o -
accepted "--output file" --output=x
refused --output "" "empty"
for v in id_rsa secret.txt "id_*" /srv/keys /srv/keys/; do accepted "--watch $v" --profile security --watch "$v"; done
for v in "" "*" "*.pem" ab /; do refused --watch "$v" "three characters or more"; done
refused --watch "$(printf 'n%.0s' {1..63})" "more than 62 bytes"
for v in file io network flow names kernel credentials process all none "all,!io" "!file" "file,io,!io"; do
	accepted "--events $v" --profile both --events "$v"
done
for v in "" files "file," ",file" "file io" "!"; do refused --events "$v" "a list of file, io, network"; done
for v in file=1 network=100000000 file=200/s file=none network=none; do accepted "--rate-limit $v" --profile security --rate-limit $v; done
for v in file= file=0 file=x file=1/m file=100000001 file=-1 network=nones; do
	refused --rate-limit "$v" "not a number of records a second"
done
for v in "" 5 kernel=5 process=none file; do refused --rate-limit "$v" "not of the form CLASS=N"; done
for o in "--watch x.env" "--events file" "--rate-limit file=5"; do
	expect "$o without the profile" 125 "is about the security profile" "--profile security or both" -- run $o true
done
for v in auto text jsonl; do accepted "--format $v" --format "$v"; done
for v in json "" Text xml; do refused --format "$v" "one of auto, text, jsonl"; done
for v in freeze drop; do accepted "--on-overload $v" --on-overload $v; done
refused --on-overload block "one of freeze, drop"
for v in 0 -1 4194305 x "" " 1"; do refused --pid "$v" "a process id is a number from 1"; done
for v in auto ebpf ptrace none; do accepted "--backend $v" --backend $v; done
for v in "" strace None all; do refused --backend "$v" "one of auto, ebpf, ptrace, none"; done
for v in 64K 65536 128k 1M 16m 1G 1073741824; do accepted "--ring-size $v" --on-overload drop --ring-size $v; done
expect "a ring that could not hold it" 125 "--ring-size 65536 is too small to lose nothing" "--on-overload drop" -- \
	run --ring-size 64K $nowhere
for v in 0 4096 32K 2G 99999999999999999999G; do refused --ring-size "$v" "outside 64K to 1G"; done
for v in "" abc 64KB 1Q -1 0x10000; do refused --ring-size "$v" "not a size" "64K to 1G"; done
refused --ring-size 100K "power of two" "64K and 128K"
refused --ring-size 65537 "power of two" "64K and 128K"
refused --ring-size 1000M "power of two" "512M and 1G"
refused --ring-size 3M "power of two" "2M and 4M"
accepted "--follow-forks" --follow-forks -q
accepted "--follow-forks=true" --follow-forks=true
accepted "--follow-forks=false" --follow-forks=false
accepted "--no-follow-forks" --no-follow-forks
expect "--follow-forks=maybe" 125 "--follow-forks 'maybe'" "true or false" -- run --follow-forks=maybe true
expect "--follow-forks=" 125 "true or false" -- run --follow-forks= true
expect "--follow-forks false" 125 "--follow-forks=false" "write -- before it" -- run --follow-forks false
expect "--follow-forks -- false" 127 "$nowhere" -- run --follow-forks -- $nowhere false
accepted "flags" --no-color -v -vv -vvv -vvvvvv --verbose -q --quiet -y --decode-fds
accepted "counting" -c --summary-only
accepted "cluster with a value" -vqyo x
expect "-c -q leaves nothing" 125 "--summary-only and --quiet" "-o FILE" -- run --trace-only -c -q true

# ---- -e
for v in trace=%file,%network,!close %file t=read '!close' trace=none; do accepted "-e $v" -e "$v"; done
expect "-e with a call that does not exist" 125 "opne" -- run -e opne $nowhere
accepted "--trace=x" --trace=close
for q in signal inject fault read write status abbrev raw verbose quiet decode-fds xyz; do
	expect "-e $q=" 125 "'$q=x'" "qualifier '$q='" "only trace= is" -- run -e $q=x true
done
expect "-e decode-fds= says -y" 125 "-y shows" -- run -e decode-fds=path true
expect "-e empty" 125 "no call is named" -- run -e "" true
expect "-e trace= empty" 125 "no call is named" -- run -e trace= true
expect "-e twice" 125 "second time" "-e trace=read,write" -- run -e read -e trace=write true

# ---- the sandbox: values
for o in --memory --tmpfs-size --max-file-size --max-output; do
	for v in 4K 512M 4G 1000G 1048576 64m max; do accepted "$o $v" $o $v; done
	for v in "" abc -1 1.5G 10X 64KB " 1G" unlimited; do refused $o "$v" "not a size" "'max' for no limit"; done
	for v in 0 1 4095 2000000G 99999999999999999999; do refused $o $v "outside 4K to 1024T"; done
done
for v in 2 256 4194304 max; do accepted "--pids $v" --pids $v; done
for v in "" 0 1 4194305 -5 1.5 1K many 99999999999999999999; do refused --pids "$v" "from 2 to 4194304" "--pids 256"; done
for v in 1 0.5 0.01 16 4096 max; do accepted "--cpus $v" --cpus $v; done
for v in "" 0 0.001 -1 4097 1s 500ms two; do refused --cpus "$v" "from 0.01 to 4096" "--cpus 0.5"; done
for v in a build-1 example.org A1 "$(printf 'a%.0s' {1..63})"; do accepted "--hostname $v" --hostname "$v"; done
for v in "" a_b "a b" 'a$' "$(printf 'a%.0s' {1..64})"; do refused --hostname "$v" "1 to 63 letters"; done
refused --chdir "" "name is empty"
refused --policy "" "name is empty"
for v in user_ns mount pid_ns network ipc_ns uts_ns cgroup_ns capabilities no_new_privs rlimits landlock seccomp cgroup exec user-ns; do
	accepted "--allow-degraded $v" --allow-degraded $v
done
for v in "" none all Landlock user; do refused --allow-degraded "$v" "there is no such layer"; done
refused --allow-degraded landlok "did you mean 'landlock'"
accepted "options that add up" --policy strict --policy default --read / --read /x --write /y --allow-path /z --net a:1 --net b:2 \
	--env A --env B=1 --allow-degraded cgroup --allow-degraded landlock
mkdir "$tmp/many"
touch "$tmp/many/1" "$tmp/many/2"
contained "--quota: within it" 0 "it ran" -- run --backend none -q --allow-path "$tmp/many" --quota files=2 -- echo it ran
contained "--quota: over it, nothing starts" 125 "file_count" "!it ran" -- run --backend none -q --allow-path "$tmp/many" \
	--quota command=4096,files=1 -- echo it ran
accepted "everything at once" --policy strict --allow-path . --allow-exec --allow-net --allow-unix --overlay --commit --tty \
	--hostname h --chdir / --memory 1G --pids 9 --cpus 1 --tmpfs-size 1M --max-file-size 1M --max-output 1M --timeout 1
accepted "more policies than anybody needs" $(printf -- '--policy strict %.0s' {1..32})
expect "33 policies" 125 "more than 32 policies" -- run $(printf -- '--policy strict %.0s' {1..33}) $nowhere
expect "4097 rules" 125 "more than 4096 rules" "--policy FILE" -- run $(printf -- '--read /x %.0s' {1..4097}) $nowhere

# ---- the sandbox: what the policy makes of them
for o in --read --write --allow-path; do
	policy_refuses $o "" "empty"
	policy_refuses $o '/a/../../..' ".."
	policy_refuses $o $'/a\nb' "control"
done
policy_refuses --write '/tmp/*.log' "pattern"
policy_refuses --allow-path "$tmp/nothing" "$tmp/nothing"
policy_refuses --net "" "HOST:PORT"
policy_refuses --net example.org "port"
policy_refuses --net '*.example.org:443' "wildcard"
policy_refuses --net http://example.org:80 "http://example.org:80"
for v in 127.1 0x7f.1 2130706433; do policy_refuses --net $v:80 "IPv4 address"; done
policy_refuses --net 10.0.0.1/8:80 "10.0.0.0/8"
for v in 0 70000 -1 x; do policy_refuses --net 192.0.2.1:$v "port"; done
policy_refuses --net 192.0.2.1:9-1 "'9-1'"
policy_refuses --net 0.0.0.0:80 "0.0.0.0"
policy_refuses --env "" "name"
policy_refuses --env =x "name"
policy_refuses --env 'A*=x' "A*"
expect "no such policy" 125 "'nosuch'" "built in: " -- run --backend none --policy nosuch true
expect "no such policy file" 125 "none.toml: No such file" -- run --backend none --policy "$tmp/none.toml" true
expect "a directory as a policy" 125 "Is a directory" -- run --backend none --policy / true
if [ "$(id -u)" = 0 ]; then
	for v in nosuchuser 1000x 99999999999 1000: 1000:x "" :1; do policy_refuses --user "$v" "'$v'"; done
	contained "--user" 0 "65534 65534" -- run --backend none -q --allow-exec --user 65534 -- sh -c 'echo $(id -u) $(id -g)'
	contained "--user UID:GID" 0 "1234 5678" -- run --backend none -q --allow-exec --user 1234:5678 -- \
		sh -c 'echo $(id -u) $(id -g)'
else
	policy_refuses --user nobody "only root"
	skip "--user" "needs root"
fi
accepted "--artifacts" --artifacts "$tmp/artifacts"
accepted "--quota" --quota files=1,file=1M,total=2M,command=9
for v in "" nonsense files=x files=1,files=2 bytes=1; do policy_refuses --quota "$v" "--quota"; done
policy_refuses --chdir "$tmp/nothing" "no such directory inside" "--read"
policy_refuses --chdir /var/lib "no such directory inside" "--read"
printf '[filesystem]\nalow_read = ["/"]\n' >"$tmp/bad.toml"
expect "a policy with a mistake" 125 "bad.toml:2:1" "did you mean 'allow_read'" "!blocked" -- \
	run --backend none --policy "$tmp/bad.toml" true
contained "--read of what is not there grants nothing" 0 -- run --backend none -q --read "$tmp/nothing" true
contained "--env passes on and sets" 0 "A=1 B=outside" -- run --backend none -q --env A=1 --env OPT_B -- \
	sh -c 'echo "A=$A B=${OPT_B:-none}"'
contained "--hostname" 0 "box-7" -- run --backend none -q --hostname box-7 -- cat /proc/sys/kernel/hostname
mkdir "$tmp/seen"
chmod 755 "$tmp/seen"
contained "--chdir" 0 "$tmp/seen" -- run --backend none -q --read "$tmp/seen" --chdir "$tmp/seen" pwd
contained "only the command" 126 "Permission denied" -- run --backend none -q -- sh -c /bin/ls
contained "--allow-exec" 0 -- run --backend none -q --allow-exec -- sh -c '/bin/ls / >/dev/null'
# SIGKILL, or the SIGPIPE that comes before it: a shell that ignores that one ends in any case
contained "--max-output" 137 "over its limit of output" -- run --backend none --max-output 4K -- \
	sh -c 'trap "" PIPE; while :; do echo yyyyyyyyyyyyyyyy; done 2>/dev/null'
contained "--policy and an option add up" 0 "reads" -- run --backend none -q --policy strict --read "$tmp/seen" -- \
	sh -c 'cd "$1" && echo reads' - "$tmp/seen"

# ---- the sandbox: contradictions
for o in --policy=strict --allow-path=/ --read=/ --write=/ --net=a:1 --env=A --allow-net --allow-unix --allow-exec --overlay --commit \
	--tty --user=nobody --quota=default --artifacts=/x --chdir=/ --hostname=h --memory=1G --pids=9 --cpus=1 --tmpfs-size=1M --max-file-size=1M --max-output=1M \
	--allow-degraded=cgroup; do
	expect "--trace-only $o" 125 "--trace-only contains nothing" "drop --trace-only" -- run --trace-only $o $nowhere
	expect "$o --trace-only" 125 "--trace-only contains nothing" -- run $o --trace-only $nowhere
done
expect "--trace-only --backend none" 125 "nothing to do" -- run --trace-only --backend none $nowhere
for o in -v -vv -c -y --no-follow-forks --follow-forks=false --trace=close --verbose; do
	expect "--backend none $o" 125 "--backend none records nothing" "drop" -- run --backend none $o $nowhere
done
accepted "--backend none -q" --backend none -q
expect "--artifacts and -o" 125 "--artifacts writes the trace itself" "-o" -- run --artifacts "$tmp/a" -o "$tmp/t" $nowhere
expect "--artifacts and --backend none" 125 "--artifacts" "nothing is recorded" -- run --artifacts "$tmp/a" --backend none $nowhere
expect "--commit alone" 125 "--commit" "--overlay" -- run --commit $nowhere
accepted "--overlay alone" --overlay
accepted "--overlay --commit" --commit --overlay

# ---- completions
expect "completion without a shell" 2 "bash|zsh|fish" -- completion
expect "completion for an unknown shell" 2 "'tcsh'" "bash|zsh|fish" -- completion tcsh
expect "completion for two shells" 2 "one shell at a time" -- completion bash zsh

"$bin" completion bash >"$tmp/bash"
if out=$(bash --norc --noprofile -euc 'source "$1"; complete -p sandtrace' - "$tmp/bash" 2>&1) &&
	[ "$out" = "complete -F _sandtrace sandtrace" ]; then
	ok "bash: loads"
else
	not_ok "bash: loads" "$out"
fi
# bash_offers NAME WANT WORD...: the last WORD is being completed; WANT must be among what is offered
bash_offers() {
	local name=$1 want=$2 got
	shift 2
	got=$(bash --norc --noprofile -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_sandtrace; printf "%s\n" "${COMPREPLY[@]}"' - "$tmp/bash" sandtrace "$@" 2>&1)
	if grep -qxF -e "$want" <<<"$got"; then ok "bash: $name"; else not_ok "bash: $name" "wanted $want" "$got"; fi
}
bash_offers "subcommand" doctor "do"
bash_offers "option of run" --follow-forks run --fo
bash_offers "letter of run" -y run -
bash_offers "option of doctor" --json doctor --
bash_offers "option of attach" --cgroup attach --c
bash_offers "choice of attach" audit attach --mode a
bash_offers "backend of attach, where none makes no sense" ptrace attach --backend p
bash_offers "choice" jsonl run --format js
bash_offers "choice after =" jsonl run --format = js
bash_offers "choice after = and nothing" drop run --on-overload =
bash_offers "option of the sandbox" --allow-unix run --allow-
bash_offers "backend" none run --backend n
bash_offers "class" %network run -e %net
bash_offers "class in a list" %file,%network run -e %file,%net
bash_offers "class after trace=" %file run -e trace = %fi
bash_offers "file" "$tmp/bash" run -o "$tmp/ba"
bash_offers "command" bash run --trace-only bas
bash_offers "command after an option's value" bash run --timeout 5 bas
bash_offers "command after an option=value" bash run --timeout = 5 bas
bash_offers "command after --" bash run -- bas
bash_offers "argument of the command" "$tmp/bash" run -v cat "$tmp/ba"
bash_offers "subcommand of help" run help r
bash_offers "shell" fish completion f

"$bin" completion zsh >"$tmp/_sandtrace"
if ! command -v zsh >/dev/null; then
	skip "zsh: loads" "zsh is not installed"
elif out=$(zsh -fc 'autoload -Uz compinit && compinit -u -D -d "$2" && source "$1" && print -r -- $_comps[sandtrace]' - \
	"$tmp/_sandtrace" "$tmp/zcompdump" 2>&1) && [ "$out" = _sandtrace ]; then
	ok "zsh: loads"
else
	not_ok "zsh: loads" "$out"
fi

"$bin" completion fish >"$tmp/fish"
if ! command -v fish >/dev/null; then
	skip "fish: offers the options of run" "fish is not installed"
elif out=$(HOME=$tmp fish --no-config -c "source $tmp/fish; complete -C 'sandtrace run --follow'" 2>&1) &&
	[[ $out == *--follow-forks* ]]; then
	ok "fish: offers the options of run"
else
	not_ok "fish: offers the options of run" "$out"
fi

# ---- the README names every option, and none that does not exist
of_run=$("$bin" help run | grep -oE '^ +(-[a-z], +)? *--[a-z-]+' | grep -oE -e '--[a-z-]+' | sort -u)
of_readme=$(sed -n '/^## Options of `run`/,/^## /p' "$here/README.md" | grep '^|' | grep -oE -e '`--[a-z-]+' | tr -d '\140' | sort -u)
if [ "$of_run" = "$of_readme" ]; then ok "README: the options of run"; else
	not_ok "README: the options of run" "$(diff <(echo "$of_run") <(echo "$of_readme"))"; fi

# ---- man pages
if command -v scdoc >/dev/null && command -v mandoc >/dev/null; then
	"$here/scripts/gen-man" "$bin" "$tmp/man" || not_ok "man: generated" "scripts/gen-man failed"
	for page in sandtrace.1 sandtrace-run.1 sandtrace-attach.1 sandtrace-doctor.1 sandtrace-policy.1 sandtrace-bench.1; do
		if out=$(mandoc -Tlint -Werror "$tmp/man/$page" 2>&1); then
			ok "man: $page has no errors"
		else
			not_ok "man: $page has no errors" "$out"
		fi
	done
	for c in run attach; do
		missing=$("$bin" help $c | grep -o '^ .*--[a-z-]*' | grep -o -e '--[a-z-]*$' | while read -r o; do
			mandoc -Tascii "$tmp/man/sandtrace-$c.1" | col -b | grep -qF -e "$o" || echo "$o"
		done)
		if [ -z "$missing" ]; then ok "man: every option of $c"; else not_ok "man: every option of $c" "$missing"; fi
	done
else
	skip "man pages" "scdoc or mandoc is not installed"
fi

finish
