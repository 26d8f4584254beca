#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --quota and --artifacts: what is checked before a run, and what is left after it. TAP. Needs root.
set -u
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1
need root sandtrace jq
make_tmp /var/tmp/artifacts.XXXXXX
cd "$tmp" || exit 1
refused() { # refused WORDS COMMAND...: status 125, WORDS on stderr, and nothing was started
	local words=$1
	shift
	rm -f project/started
	"$@" 2>refusal
	[ $? -eq 125 ] && grep -qF -- "$words" refusal && [ ! -e project/started ]
}

mkdir project
for i in 1 2 3; do echo "$i" >"project/f$i"; done
head -c 5000 /dev/zero >project/big
contained() { "$bin" run -q --backend none --allow-path project "$@"; }
touch_it='echo 1 >project/started'

check "within the quota" contained --quota files=4,file=5000,total=1M -- true
check "too many files" refused file_count contained --quota files=3 -- sh -c "$touch_it"
check "a file too large" refused file_size contained --quota file=4999 -- sh -c "$touch_it"
check "too much in all" refused total_bytes contained --quota total=5005 -- sh -c "$touch_it"
check "a command too long" refused command_length contained --quota command=50 -- sh -c "$touch_it; : $(printf 'x%.0s' {1..60})"
for q in '' files files= files=0 files=-1 files=1,files=2 fils=1 ,; do
	check "bad quota '$q'" refused quota contained --quota "$q" -- sh -c "$touch_it"
done

check "artifacts are written" "$bin" run -q --artifacts art --allow-path project --env TOKEN_X=secretvalue -- true
check "manifest and trace are there, for the owner only" test "$(stat -c %a art/manifest.json art/trace.jsonl | sort -u)" = 600
check "the hash is that of the trace" test "$(jq -r '.artifacts[0].sha256' art/manifest.json)" = "$(sha256sum art/trace.jsonl | cut -d' ' -f1)"
check "files are counted" test "$(jq .workspace.file_count art/manifest.json)" = 4
check "names of variables, no values" jq -e '.env.injected | index("TOKEN_X")' art/manifest.json
check "no values" sh -c '! grep -rq secretvalue art'
check "layers and policy are named" jq -e '(.trust_boundary.layers | length) > 8 and .trust_boundary.policy.name == "default"' art/manifest.json
check "nothing is missing" test "$(jq -c .trust_boundary.degraded art/manifest.json)$(head -1 art/trace.jsonl | jq -c .degraded)" = '[][]'
# no more user namespaces: the command runs without its own, and the trace says so
# shellcheck disable=SC2016
check "runs without a layer that may be missing" unshare -Urm sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' - \
	"$bin" run -q --backend none --allow-degraded=user_ns --allow-degraded=cgroup -o less.jsonl -- true
check "the missing layer is named" test "$(head -1 less.jsonl | jq -c .degraded)" = '["user_ns"]'
check "and not among those in force" jq -es '.[0].layers | length > 8 and all(startswith("user_ns") | not)' less.jsonl
check "not within the command's sight" refused "can see" "$bin" run -q --artifacts project/art --allow-path project -- true
ln -s art link
check "not through a link" refused "artifacts directory" "$bin" run -q --artifacts link --allow-path project -- true
check "not with -o" refused "--artifacts" "$bin" run -q --artifacts art -o x --allow-path project -- true
finish
