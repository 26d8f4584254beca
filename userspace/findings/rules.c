/* SPDX-License-Identifier: Apache-2.0 */
/* The matchers of rules.h. */
#include "rules.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "../base/util.h"

/* P against S: '*' within a component, '?' one character. Backtracks over the last '*' only. */
static bool match_here(const char *p, const char *s, const char *end)
{
	const char *star = NULL, *mark = s;

	for (;;) {
		if (!strcmp(p, "**"))
			return s < end;
		if (s == end)
			break;
		if (p[0] == '*' && p[1] == '*' && p[2] == '/') {
			const char *here = s;

			for (p += 3; s < end; s++)
				if ((s == here || s[-1] == '/') && match_here(p, s, end))
					return true;
			return false;
		}
		if (*p == '*') {
			star = p++;
			mark = s;
		} else if (*p && ((*p == '?' && *s != '/') || *p == *s)) {
			p++;
			s++;
		} else if (star && *mark != '/') {
			p = star + 1;
			s = ++mark;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

bool rule__glob(const char *pattern, const char *s, size_t len)
{
	return match_here(pattern, s, s + len);
}

bool rule__word(const char *p, const char *s, size_t len)
{
	const char *end = s + len, *star = NULL, *mark = s;

	while (s < end) {
		if (*p == '*') {
			star = p++;
			mark = s;
		} else if (*p == *s || (*p == '?' && *s)) {
			p++;
			s++;
		} else if (star) {
			p = star + 1;
			s = ++mark;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

bool rule__listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; p && len && (p = strstr(p, name)); p += len)
		if ((p == list || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
			return true;
	return false;
}

bool rule__domain(const char *domain, const char *host, size_t len)
{
	size_t n = strlen(domain);

	while (len && host[len - 1] == '.')
		len--;
	return len >= n && !strncasecmp(host + len - n, domain, n) && (len == n || host[len - n - 1] == '.');
}

const char *rule__severity_name(enum severity sev)
{
	static const char *const names[SEV_MAX] = {"info", "low", "medium", "high", "critical"};

	return sev < SEV_MAX ? names[sev] : "info";
}

static const struct {
	uint8_t role;
	const char *names;
} roles[] = {
	{ROLE_SHELL | ROLE_INTERPRETER, "sh bash dash zsh ksh mksh ash fish rbash busybox"},
	{ROLE_INTERPRETER, "python node nodejs perl ruby php lua deno bun pwsh tclsh"},
	{ROLE_DOWNLOADER, "curl wget wget2 aria2c fetch axel lynx ftp lftp tftp http https xh curlie nc ncat netcat socat scp sftp"},
	{ROLE_PACKAGES, "npm npx npm-cli.js npx-cli.js pnpm pnpm.cjs yarn yarn.js yarnpkg corepack pip pip3 pipx uv poetry cargo gem bundle "
			"composer go apt apt-get dpkg dnf yum rpm apk pacman brew"},
	{ROLE_BUILDER, "ld ld.bfd ld.gold ld.lld lld mold collect2 gcc g++ cc c++ clang clang++ rustc go tcc as install strip objcopy patchelf "
		       "dpkg dpkg-deb rpm cargo"},
	{ROLE_RUNTIME, "bun deno node nodejs python python2 python3 pypy pypy3 ruby perl php go java lua"},
	{ROLE_RECON, "whoami id hostname uname ifconfig ip ps lsof netstat ss w who last lsblk lscpu lsmod dmidecode hostnamectl groups "
		     "arp route uptime"},
};

/* "python3.11" is python, "x86_64-linux-gnu-gcc-12" gcc; "wget2" is listed as itself. */
static void plain_name(const char *name, char *buf, size_t size)
{
	const char *target = strstr(name, "-gnu-");
	size_t len;

	name = target ? target + 5 : name;
	len = strnlen(name, size - 1);

	memcpy(buf, name, len);
	while (len && (isdigit((unsigned char)buf[len - 1]) || (buf[len - 1] == '.' && len < strlen(name)) || buf[len - 1] == '-'))
		len--;
	buf[len] = 0;
}

uint8_t rule__roles(const char *name)
{
	uint8_t found = 0;
	char plain[32];

	plain_name(name, plain, sizeof(plain));
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (rule__listed(roles[i].names, name) || rule__listed(roles[i].names, plain))
			found |= roles[i].role;
	return found;
}

unsigned int rule__recon_bit(const char *name)
{
	unsigned int bit = 0;

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		const char *p = roles[i].names;

		if (roles[i].role != ROLE_RECON)
			continue;
		while (*p && (strncmp(p, name, strlen(name)) || (p[strlen(name)] && p[strlen(name)] != ' '))) {
			p += strcspn(p, " ");
			p += *p == ' ';
			bit++;
		}
	}
	return bit & 31;
}

bool rule__trusted_place(const char *path, size_t len)
{
	static const char *const places[] = {
		"/usr/**", "/bin/**", "/sbin/**", "/lib/**", "/opt/**", "/nix/**", "/snap/**", "/var/lib/**",
		"/home/*/.nvm/**", "/home/*/.pyenv/**", "/home/*/.volta/**", "/home/*/.asdf/**", "/home/*/.cargo/bin/**",
		"/home/*/.local/bin/**", "/root/.nvm/**", "/root/.pyenv/**", "/root/.volta/**", "/root/.asdf/**",
		"/root/.cargo/bin/**", "/root/.local/bin/**",
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (rule__glob(places[i], path, len))
			return true;
	return false;
}
