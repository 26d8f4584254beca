# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Debian packages of any suite and architecture, downloaded and unpacked, never installed. Sourced by fetch-kernel and
# fetch-sysroot. They are read through a private source list and state directory, so that the machine's own package lists
# stay as they are. The mirror is the one this machine is configured with; SANDTRACE_DEBIAN_MIRROR and
# SANDTRACE_DEBIAN_SECURITY_MIRROR override it.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The URI of the first configured archive whose last path component is $1. Origin and label would say it
# better, but are only known after an apt-get update.
debian__mirror() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		sed 's|/*$||' | grep -m1 "/$1\$" || true
}

debian__options() {
	apt_options=(-o "Dir::Etc::sourcelist=$apt_dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
		-o "Dir::State::lists=$apt_dir/lists" -o "Dir::Cache=$apt_dir/cache" -o APT::Default-Release=
		-o "APT::Architecture=$apt_arch" -o "APT::Architectures=$apt_arch"
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
		-o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false)
}
debian__apt() { apt-get -q "${apt_options[@]}" "$@"; }
debian__cache() { apt-cache "${apt_options[@]}" "$@"; }

# debian__read DIR ARCH SUITE SECURITY: reads the lists of SUITE, and of its security part where SECURITY is not
# empty, into DIR, which is the caller's to remove. What apt says is in DIR/log.
debian__read() {
	local suite=$3 main sec

	apt_dir=$1 apt_arch=$2
	command -v apt-get >/dev/null && command -v dpkg >/dev/null || die "needs a Debian machine with dpkg and apt-get"
	[ -s "$keyring" ] || die "$keyring is missing: apt-get install debian-archive-keyring"
	main=${SANDTRACE_DEBIAN_MIRROR:-$(debian__mirror debian)}
	sec=${SANDTRACE_DEBIAN_SECURITY_MIRROR:-$(debian__mirror debian-security)}
	[ -n "$main" ] || die "no Debian archive among this machine's apt sources: set SANDTRACE_DEBIAN_MIRROR=URI"

	rm -rf "$apt_dir"
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial" "$apt_dir/deb"
	debian__options
	echo "deb [arch=$apt_arch signed-by=$keyring] $main $suite main" >"$apt_dir/sources.list"
	[ -z "$4" ] || [ -z "$sec" ] ||
		echo "deb [arch=$apt_arch signed-by=$keyring] $sec $suite-security main" >>"$apt_dir/sources.list"
	if ! debian__apt -o APT::Update::Error-Mode=any update >"$apt_dir/log" 2>&1; then
		grep -E '^(E|W|Err)' "$apt_dir/log" | head -n 5 >&2 || tail -n 5 "$apt_dir/log" >&2
		# An old suite loses its security part first: the main part may still do.
		grep -v -- "-security main" "$apt_dir/sources.list" >"$apt_dir/main.list"
		mv "$apt_dir/main.list" "$apt_dir/sources.list"
		debian__apt -o APT::Update::Error-Mode=any update >"$apt_dir/log" 2>&1 ||
			die "suite $suite cannot be read from $main: check the network, or set SANDTRACE_DEBIAN_MIRROR=URI" \
				"to a mirror that has it"
	fi
}

# debian__unpack DIR PACKAGE[=VERSION]...: all of them, or what apt says and failure.
debian__unpack() {
	local dir=$1 deb
	shift

	rm -f "$apt_dir"/deb/*.deb
	if ! (cd "$apt_dir/deb" && debian__apt download "$@") >"$apt_dir/log" 2>&1; then
		grep '^E:' "$apt_dir/log" >&2 || tail -n 3 "$apt_dir/log" >&2
		return 1
	fi
	mkdir -p "$dir"
	for deb in "$apt_dir"/deb/*.deb; do
		dpkg -x "$deb" "$dir" || return 1
	done
	rm -f "$apt_dir"/deb/*.deb
}
