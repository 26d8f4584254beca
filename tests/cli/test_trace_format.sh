#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/trace.schema.json takes every golden record and refuses what is wrong with them; the generated documents are
# fresh. TAP on stdout; needs jq, python3-jsonschema and a compiler, not root.
set -u
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1
cd "$here" || exit 1
need jq
make_tmp
records=tests/fixtures/records

# Exit 1 and a message that names the line: a crash of the checker is no refusal.
refused() { # FILE [OPTION]
	scripts/validate-trace ${2---records} "$1"
	[ $? = 1 ] && grep -q "^validate-trace: $1:[0-9]*: " "$tmp/check"
}

changed() { # RECORD FILTER: what jq makes of the record is refused
	jq -c "$2" "$records/$1.json" >"$tmp/bad" && ! cmp -s "$tmp/bad" "$records/$1.json" && refused "$tmp/bad"
}

check "the generated documents are fresh" scripts/gen-events-doc --check
check "every golden record is valid" scripts/validate-trace --records $records/*.json
while IFS='|' read -r record filter; do
	check "refused: $record with $filter" changed "$record" "$filter"
done <<'EOF'
openat_enoent|del(.errno)
openat_enoent|.success=true
openat_enoent|.unknown=1
openat_enoent|del(.args.raw[5])
openat_enoent|.args.raw[0]=-1
openat_enoent|.args.decoded.path_state="half"
openat_enoent|.args.decoded.path={"a":1}
openat_enoent|.args.decoded.path_hex="xyz"
openat_enoent|.no_return=true
openat_enoent|.timestamp="2025-01-01T12:00:00Z"
openat_enoent|.category="files"
openat_enoent|.event_type="call"
exit_group|.return_value=0
exec_script|.action="executed"
exec_script|del(.argv)
exec_script|.argv=[1]
exec_script|.ppid=-1
exec_script|.image_flags=["other"]
exited|.core=1
EOF
while read -r line; do
	printf '%s\n' "$line" >"$tmp/bad"
	check "refused: the line '$line'" refused "$tmp/bad"
done <<'EOF'
{"event_type":"lost"
["lost"]
{"event_type":"lost","event_type":"lost"}
NaN

EOF
printf '%s' "$(cat $records/exited.json)" >"$tmp/bad"
check "refused: a last line without newline" refused "$tmp/bad"
check "refused: a trace without header" refused $records/exited.json ''

finish
