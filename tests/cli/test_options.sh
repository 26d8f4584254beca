#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The command line: help, refusals and their messages, completions. Needs no privilege and starts no command:
# an accepted command line of `run` without --trace-only ends in "is not started", which is what is looked for.
#
#   tests/cli/test_options.sh [SANDTRACE]
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
bin=${1:-${SANDTRACE:-$here/build/sandtrace}}
[ -x "$bin" ] || { echo "Bail out! $bin: not built"; exit 1; }
unset NO_COLOR CLICOLOR CLICOLOR_FORCE
n=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); failed=$((failed + 1)); echo "not ok $n - $1"; shift; printf '# %s\n' "$@"; }
skip() { n=$((n + 1)); skipped=$((skipped + 1)); echo "ok $n - $1 # SKIP $2"; }

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
accepted() { local name=$1; shift; expect "accepted: $name" 125 "'true' is not started" -- run "$@" true; }
refused() { # OPTION VALUE TEXT...: through both spellings; the option and the value are named
	local opt=$1 value=$2
	shift 2
	expect "refused: $opt=$value" 125 "$opt" "'$value'" "$@" -- run --trace-only "$opt=$value" true
	expect "refused: $opt $value" 125 "$opt" "'$value'" "$@" -- run --trace-only "$opt" "$value" true
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
expect "unknown subcommand: a command" 2 "'/bin/ls'" "sandtrace run --trace-only /bin/ls" -- /bin/ls
expect "option before the subcommand" 2 "'--trace-only'" "follow the subcommand" -- --trace-only ls
expect "empty subcommand" 2 "''" -- ""
expect "help of an unknown subcommand" 2 "'rum'" "did you mean 'run'" -- help rum
expect "help of two subcommands" 2 "'doctor'" -- help run doctor
for c in run doctor help completion version; do
	expect "help $c" 0 "Usage: sandtrace $c" -- help $c
done
expect "run --help" 0 "--trace-only" "--ring-size" "%network" "Exit status" -- run --help
expect "run -h after other options" 0 "Usage: sandtrace run" -- run -q --timeout 5 -h
expect "run -- --help is a command" 125 "'--help' is not started" -- run -- --help
expect "completion --help" 0 "Usage: sandtrace completion" -- completion --help

for args in --help "help run" "help doctor" "help help" "help completion" "help version"; do
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
expect "no command" 125 "no command is given" "--trace-only [OPTION]" -- run --trace-only
expect "no command after --" 125 "no command is given" -- run --trace-only --
expect "run alone" 125 "no command is given" -- run
expect "empty command" 127 "name of the command is empty" -- run --trace-only ""
expect "empty command after --" 127 "name of the command is empty" -- run --trace-only -- "" x
expect "without --trace-only" 125 "'/bin/true' is not started" "add --trace-only" -- run /bin/true
expect "options of the command are its own" 125 "'ls' is not started" "!nosuch" -- run ls --nosuch --timeout 0 -o
expect "-- before the command" 125 "'-x' is not started" -- run -- -x
expect "a lone dash is a command" 125 "'-' is not started" -- run -

# ---- unknown, abbreviated, misplaced
expect "unknown long option" 125 "'--xyzzy'" "run --help" -- run --xyzzy true
expect "misspelt long option" 125 "'--timout'" "did you mean '--timeout'" -- run --timout=5 true
for a in --trace-onl --out --form=text --time --time=3 --follow --no-f --no-col --sum --q --verb --ring=64K --pol; do
	expect "abbreviation $a" 125 "there is no option '${a%%=*}'" -- run "$a" true
done
expect "abbreviation says what is meant" 125 "did you mean '--output'" -- run --outp x true
expect "ambiguous abbreviation" 125 "'--no'" -- run --no true
expect "--trace is not short for --trace-only" 125 "'true' is not started" -- run --trace close true
expect "unknown letter" 125 "'-z'" "run --help" -- run -z true
expect "unknown letter in a cluster" 125 "'-z'" "'-vz'" -- run -vz true
expect "one dash" 125 "two dashes: --timeout" -- run -timeout 5 true
expect "strace -f" 125 "'-f'" "recorded by default" -- run -f true
expect "strace -p" 125 "'-p'" "attach" -- run -p 1
expect "value where none is taken" 125 "--quiet takes no value" "'--quiet=1'" -- run --quiet=1 true
for o in -o --output --format --timeout -e --trace --on-overload --ring-size --policy --allow-path; do
	expect "$o without a value" 125 "needs a value" -- run --trace-only "$o"
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
for v in auto text jsonl; do accepted "--format $v" --format "$v"; done
for v in json "" Text xml; do refused --format "$v" "one of auto, text, jsonl"; done
for v in freeze drop; do accepted "--on-overload $v" --on-overload $v; done
refused --on-overload block "one of freeze, drop"
for v in 64K 65536 128k 1M 16m 1G 1073741824; do accepted "--ring-size $v" --ring-size $v; done
for v in 0 4096 32K 2G 99999999999999999999G; do refused --ring-size "$v" "outside 64K to 1G"; done
for v in "" abc 64KB 1T -1 0x10000; do refused --ring-size "$v" "not a size" "64K to 1G"; done
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
expect "--follow-forks -- false" 125 "'false' is not started" -- run --follow-forks -- false
accepted "flags" --no-color -v -vv -vvv -vvvvvv --verbose -q --quiet -c --summary-only -y --decode-fds
accepted "cluster with a value" -vqyo x
expect "-c -q leaves nothing" 125 "--summary-only and --quiet" "-o FILE" -- run --trace-only -c -q true

# ---- -e
for v in trace=%file,%network,!close %file t=read '!close' trace=none; do accepted "-e $v" -e "$v"; done
accepted "--trace=x" --trace=close
for q in signal inject fault read write status abbrev raw verbose quiet decode-fds xyz; do
	expect "-e $q=" 125 "'$q=x'" "qualifier '$q='" "only trace= is" -- run -e $q=x true
done
expect "-e decode-fds= says -y" 125 "-y shows" -- run -e decode-fds=path true
expect "-e empty" 125 "no call is named" -- run -e "" true
expect "-e trace= empty" 125 "no call is named" -- run -e trace= true
expect "-e twice" 125 "second time" "-e trace=read,write" -- run -e read -e trace=write true

# ---- the sandbox to come
for o in --policy=p --allow-path=/ --allow-net --allow-exec; do
	expect "$o is refused" 125 "${o%%=*}" "the sandbox does not exist yet" "--trace-only" -- run --trace-only $o true
done

# ---- completions
expect "completion without a shell" 2 "bash|zsh|fish" -- completion
expect "completion for an unknown shell" 2 "'tcsh'" "bash|zsh|fish" -- completion tcsh
expect "completion for two shells" 2 "one shell at a time" -- completion bash zsh

"$bin" completion bash >"$work/bash"
if out=$(bash --norc --noprofile -euc 'source "$1"; complete -p sandtrace' - "$work/bash" 2>&1) &&
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
		_sandtrace; printf "%s\n" "${COMPREPLY[@]}"' - "$work/bash" sandtrace "$@" 2>&1)
	if grep -qxF -e "$want" <<<"$got"; then ok "bash: $name"; else not_ok "bash: $name" "wanted $want" "$got"; fi
}
bash_offers "subcommand" doctor "do"
bash_offers "option of run" --follow-forks run --fo
bash_offers "letter of run" -y run -
bash_offers "option of doctor" --json doctor --
bash_offers "choice" jsonl run --format js
bash_offers "choice after =" jsonl run --format = js
bash_offers "choice after = and nothing" drop run --on-overload =
bash_offers "class" %network run -e %net
bash_offers "class in a list" %file,%network run -e %file,%net
bash_offers "class after trace=" %file run -e trace = %fi
bash_offers "file" "$work/bash" run -o "$work/ba"
bash_offers "command" bash run --trace-only bas
bash_offers "command after an option's value" bash run --timeout 5 bas
bash_offers "command after an option=value" bash run --timeout = 5 bas
bash_offers "command after --" bash run -- bas
bash_offers "argument of the command" "$work/bash" run -v cat "$work/ba"
bash_offers "subcommand of help" run help r
bash_offers "shell" fish completion f

"$bin" completion zsh >"$work/_sandtrace"
if ! command -v zsh >/dev/null; then
	skip "zsh: loads" "zsh is not installed"
elif out=$(zsh -fc 'autoload -Uz compinit && compinit -u -D -d "$2" && source "$1" && print -r -- $_comps[sandtrace]' - \
	"$work/_sandtrace" "$work/zcompdump" 2>&1) && [ "$out" = _sandtrace ]; then
	ok "zsh: loads"
else
	not_ok "zsh: loads" "$out"
fi

"$bin" completion fish >"$work/fish"
if ! command -v fish >/dev/null; then
	skip "fish: offers the options of run" "fish is not installed"
elif out=$(HOME=$work fish --no-config -c "source $work/fish; complete -C 'sandtrace run --follow'" 2>&1) &&
	[[ $out == *--follow-forks* ]]; then
	ok "fish: offers the options of run"
else
	not_ok "fish: offers the options of run" "$out"
fi

# ---- man pages
if command -v scdoc >/dev/null && command -v mandoc >/dev/null; then
	"$here/scripts/gen-man" "$bin" "$work/man" || not_ok "man: generated" "scripts/gen-man failed"
	for page in sandtrace.1 sandtrace-run.1 sandtrace-doctor.1; do
		if out=$(mandoc -Tlint -Werror "$work/man/$page" 2>&1); then
			ok "man: $page has no errors"
		else
			not_ok "man: $page has no errors" "$out"
		fi
	done
	missing=$("$bin" help run | grep -o '^ .*--[a-z-]*' | grep -o -e '--[a-z-]*$' | while read -r o; do
		mandoc -Tascii "$work/man/sandtrace-run.1" | col -b | grep -qF -e "$o" || echo "$o"
	done)
	if [ -z "$missing" ]; then ok "man: every option of run"; else not_ok "man: every option of run" "$missing"; fi
else
	skip "man pages" "scdoc or mandoc is not installed"
fi

echo "1..$n"
echo "# passed $((n - failed - skipped)) failed $failed skipped $skipped"
[ $failed -eq 0 ]
