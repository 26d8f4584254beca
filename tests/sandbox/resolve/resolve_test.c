/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving, in a directory of its own ($1, which is made the current one): links, races, bounds, merging. TAP. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"
#include "sandbox/resolve.h"

static char top[256];
static unsigned int count, failures;

static void ok(bool good, const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	failures += !good;
	printf("%sok %u - ", good ? "" : "not ", ++count);
	vprintf(name, ap);
	putchar('\n');
	va_end(ap);
}

/* ---- policies by hand: "r /usr", "w %/p", "d %/p/.env" with % for the top directory; k: deny_write, n: deny_exec --- */

static struct policy policy;
static struct policy_rule rules[4200];
static char values[4200][400];
static struct grants g;
static struct resolve_report reports[4200];

static void reset(void)
{
	memset(&policy, 0, sizeof(policy));
	policy.rules = rules;
}

static void rule(const char *what)
{
	size_t i = policy.n_rules++;
	const char *kinds = "rwxdkn", *percent = strchr(what, '%');
	char *v = values[i];

	if (percent)
		snprintf(v, sizeof(values[i]), "%s%s", top, percent + 1);
	else
		snprintf(v, sizeof(values[i]), "%s", what + 2);
	rules[i] = (struct policy_rule){ .kind = (enum rule_kind)(strchr(kinds, *what) - kinds), .text = v, .value = v,
					 .pattern = strpbrk(v, "*?["), .src = { .name = v } };
}

static int resolve(const char *home, const struct resolved_command *command)
{
	struct resolve_opts o = { .home = home, .command = command };

	grants__done(&g);
	return resolve__policy(&policy, &o, &g);
}

static int resolve_rules(const char *home, ...)
{
	va_list ap;
	const char *r;

	reset();
	va_start(ap, home);
	while ((r = va_arg(ap, const char *)))
		rule(r);
	va_end(ap);
	return resolve(home, NULL);
}

static const char *at(const char *path)
{
	static char whole[512];

	if (*path != '%')
		return path;
	snprintf(whole, sizeof(whole), "%s%s", top, path + 1);
	return whole;
}

/* "rwxX" of the grant of exactly PATH, "mask", "private rw", or "none". */
static const char *grant(const char *path)
{
	static char text[32];
	const char *whole = at(path);

	for (size_t i = 0; i < g.n; i++) {
		const struct grant *v = &g.v[i];

		if (strcmp(v->path, whole))
			continue;
		if (v->kind == GRANT_MASK)
			return "mask";
		snprintf(text, sizeof(text), "%s%s%s%s%s", v->kind == GRANT_PRIVATE ? "private " : "", v->access & 1 ? "r" : "",
			 v->access & 2 ? "w" : "", v->access & 4 ? "x" : "", v->exec_mount ? "X" : "");
		return text;
	}
	return "none";
}

static void is(const char *path, const char *want)
{
	const char *have = grant(path);

	ok(!strcmp(have, want), "%s is %s%s%s", path, want, strcmp(have, want) ? ", not " : "", strcmp(have, want) ? have : "");
}

static void file(const char *path)
{
	int fd = open(at(path), O_CREAT | O_WRONLY, 0755);

	if (fd < 0 || close(fd))
		exit(99);
}

static void dir(const char *path)
{
	if (mkdir(at(path), 0755) && errno != EEXIST)
		exit(99);
}

static void link_to(const char *target, const char *path)
{
	unlink(at(path));
	if (symlink(target, at(path)))
		exit(99);
}

/* ---- cases -------------------------------------------------------------------------------------------------- */

static void paths(void)
{
	dir("%/p");
	dir("%/p/sub");
	file("%/p/file");
	file("%/p/sub/f");
	ok(!resolve_rules(NULL, "r %/p", "w %/p/sub", "r %/p/file", NULL), "nested rules resolve");
	is("%/p", "rX");
	is("%/p/sub", "rw");
	is("%/p/file", "none"); /* says nothing that its directory does not */
	ok(!resolve_rules(NULL, "w %/p", "r %/p/sub", "x %/p/file", NULL), "what is below gains what is above");
	is("%/p", "rw");
	is("%/p/sub", "none");
	is("%/p/file", "rwxX");
	ok(!resolve_rules(NULL, "r %/p/file", NULL), "a file alone");
	is("%/p/file", "rX");
	is("%/p", "none");
	ok(!resolve_rules(NULL, "r %/gone", NULL) && g.n_missing == 1, "a missing path to read is noted");
	ok(resolve_rules(NULL, "w %/gone", NULL) == -ENOENT, "a missing path to write is an error");
	ok(resolve_rules(NULL, "w /", NULL) == -EINVAL, "/ cannot be writable");
	ok(!resolve_rules(NULL, "r /", NULL), "/ can be read");
	is("/", "rX");
	is("/tmp", "private rw");
	ok(!resolve_rules(NULL, "w /tmp", "r /dev/null", "w /dev/shm", "r /proc", "r /proc/self/maps", NULL), "own places need nothing");
	is("/tmp", "private rw");
	ok(resolve_rules(NULL, "w /proc", NULL) == -EINVAL, "/proc cannot be writable");
	ok(resolve_rules(NULL, "r /dev/kmsg", NULL) == -EINVAL, "another device is refused");
	reset();
	rule("r %/p");
	rule("w %/p/sub");
	rule("x /tmp");
	policy.exec = EXEC_ANY;
	ok(!resolve(NULL, NULL), "where everything may be executed");
	is("%/p", "rxX");
	is("%/p/sub", "rwxX");
	is("/tmp", "private rwxX");
}

static void odd_files(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", at("%/sock"));
	ok(!bind(s, (struct sockaddr *)&a, sizeof(a)) && !mkfifo(at("%/fifo"), 0644), "a socket and a FIFO are there");
	close(s);
	ok(resolve_rules(NULL, "r %/sock", NULL) == -EINVAL, "a socket is refused");
	ok(resolve_rules(NULL, "w %/fifo", NULL) == -EINVAL, "a FIFO is refused, and not opened");
}

static void links(void)
{
	dir("%/l");
	link_to("/etc", "%/l/planted");
	link_to("planted", "%/l/second");
	link_to("/etc/shadow", "%/l/file");
	ok(resolve_rules(NULL, "r %/l/planted", NULL) == -ELOOP, "a planted link is not followed");
	ok(resolve_rules(NULL, "w %/l/planted/hosts", NULL) == -ELOOP, "nor on the way");
	ok(resolve_rules(NULL, "r %/l/second", NULL) == -ELOOP, "nor a link to a link");
	ok(resolve_rules(NULL, "r %/l/fil*", NULL) == -ELOOP, "nor one that a pattern meets");
	ok(resolve_rules(NULL, "r %/l/planted/host*", NULL) == -ELOOP, "nor one before a pattern");
	ok(!resolve_rules(NULL, "r /lib", NULL) && g.n_links, "a link of the system is, and is made again");
	is("/usr/lib", "rX");
	ok(!resolve_rules(NULL, "r /lib", "r /usr", NULL), "both ends");
	is("/usr/lib", "none");
	link_to("/usr/lib", "/opt/st-resolve-test");
	ok(!resolve_rules(NULL, "r /opt/st-resolve-test", NULL), "a link of root's below /opt is followed");
	ok(resolve_rules(NULL, "w /opt", "r /opt/st-resolve-test", NULL) == -ELOOP, "but not when a sandbox may write there");
	if (lchown("/opt/st-resolve-test", 1234, 1234))
		exit(99);
	ok(resolve_rules(NULL, "r /opt/st-resolve-test", NULL) == -ELOOP, "nor when it is another user's");
	unlink("/opt/st-resolve-test");
	link_to("b", "%/l/a");
	link_to("a", "%/l/b");
	ok(resolve_rules(NULL, "r %/l/a", NULL) == -ELOOP && !resolve_rules(NULL, "d %/l/a", NULL), "a ring ends");
}

static void denied(void)
{
	dir("%/d");
	dir("%/d/deep");
	dir("%/d/deep/.hidden");
	file("%/d/.env");
	file("%/d/deep/.env");
	file("%/d/deep/.hidden/.env");
	file("%/d/deep/plain");
	dir("%/other");
	file("%/other/.env");
	link_to("deep/plain", "%/d/alias");
	ok(!resolve_rules(NULL, "w %/d", "d /**/.env", "d %/d/none", NULL), "denied everywhere");
	is("%/d/.env", "mask");
	is("%/d/deep/.env", "mask");
	is("%/d/deep/.hidden/.env", "mask"); /* wildcards of a deny see hidden names */
	is("%/other/.env", "none");	    /* not granted: nothing to cover */
	ok(!resolve_rules(NULL, "w %/d", "d %/d/alias", NULL), "a denied link");
	is("%/d/deep/plain", "mask"); /* what it leads to */
	ok(!resolve_rules(NULL, "w %/d/deep", "r %/d/deep/plain", "d %/d", NULL), "a deny wins over what is below");
	is("%/d", "mask");
	is("%/d/deep", "none");
	ok(!resolve_rules(NULL, "w %/d/deep", "d %/d/deep", NULL) &&
	   grants__nearest(&g, at("%/d/deep"), true)->rule->kind == RULE_DENY, "and it is the one that is named");
	unlink(at("%/d/alias"));
	ok(!resolve_rules(NULL, "r %/d/*", NULL), "wildcards of an allow do not see hidden names");
	is("%/d/.env", "none");
	is("%/d/deep", "rX");
	ok(!resolve_rules(NULL, "r %/d/**/plain", NULL), "** goes down");
	is("%/d/deep/plain", "rX");
	ok(resolve_rules(NULL, "r /", "d /", NULL) == -EINVAL, "/ cannot be denied");
	ok(resolve_rules(NULL, "d /proc/kcore", NULL) == -EINVAL, "nor what is ours");
	ok(!resolve_rules("/root", "d /root", NULL), "a private home needs no deny");
	is("/root", "private rw");
	reset();
	rule("d /etc/passwd");
	policy.synth_identity = true;
	ok(!resolve(NULL, NULL), "a denied synthetic file");
	is("/etc/passwd", "mask");
}

static void kept(void)
{
	dir("%/k");
	dir("%/k/a");
	dir("%/k/a/b");
	file("%/k/a/b/f");
	file("%/k/f");
	link_to("a/b", "%/k/link");
	ok(!resolve_rules(NULL, "w %/k", "k %/k/a", NULL), "a part that is not written to");
	is("%/k", "rw");
	is("%/k/a", "rX");
	ok(grants__nearest(&g, at("%/k/a/b"), true)->rule->kind == RULE_DENY_WRITE, "and the rule is named");
	ok(!resolve_rules(NULL, "w %/k", "w %/k/a/b", "w %/k/a/b/f", "k %/k/a", NULL), "which nothing below takes back");
	is("%/k/a", "rX");
	is("%/k/a/b", "none");
	ok(!resolve_rules(NULL, "w %/k/a/b", "k %/k", NULL), "nor when it stands above");
	is("%/k", "none");
	is("%/k/a/b", "rX");
	ok(!resolve_rules(NULL, "r %/k", "k %/k/a", NULL), "where nothing is written to it changes nothing");
	is("%/k/a", "none");
	ok(!resolve_rules(NULL, "w %/k", "k %/k/link", NULL), "by a link");
	is("%/k/a/b", "rX");
	ok(!resolve_rules(NULL, "w %/k", "k %/k/**/f", NULL), "by a pattern");
	is("%/k/a/b/f", "rX");
	is("%/k/f", "rX");
	ok(!resolve_rules(NULL, "w %/k", "d %/k/a", "k %/k/a", "k %/k/a/b", NULL), "a deny is more");
	is("%/k/a", "mask");
	ok(!resolve_rules(NULL, "w %/k", "k %/k/gone", "n %/k/gone", NULL), "what is not there is not kept");
	ok(!resolve_rules(NULL, "k /tmp", NULL), "nor are own places written to");
	is("/tmp", "private r");
	is("/var/tmp", "private rw");
	ok(!resolve_rules(at("%/k"), "w %/k/a", "k %/k", NULL), "a private home");
	is("%/k", "private r");
	is("%/k/a", "rX");
	ok(!resolve_rules(at("%/no-home"), "k %/no-home", NULL), "one that only the sandbox has");
	is("%/no-home", "private r");
	ok(resolve_rules(NULL, "k /", NULL) == -EINVAL, "/ cannot be kept: there is /dev");
	ok(resolve_rules(NULL, "k /dev/null", NULL) == -EINVAL, "which is written to whatever is mounted");
	ok(!resolve_rules(NULL, "k /proc/sys", NULL), "/proc never is");
	ok(resolve_rules(NULL, "w %", "k %/fifo", NULL) == -EINVAL, "a FIFO cannot be kept");
}

static void not_executed(void)
{
	struct resolved_command c;

	ok(!resolve_rules(NULL, "r %/k", "n %/k/a", NULL), "a part that is not executed");
	is("%/k", "rX");
	is("%/k/a", "r"); /* nor mapped */
	ok(grants__nearest(&g, at("%/k/a/b"), true)->rule->kind == RULE_DENY_EXEC, "and the rule is named");
	ok(!resolve_rules(NULL, "w %/k", "n %/k/a", NULL), "of what is written to nothing is executed anyway");
	is("%/k/a", "none");
	ok(!resolve_rules(NULL, "r %/k", "x %/k/a/b", "x %/k/a/b/f", "n %/k/a", NULL), "which nothing below takes back");
	is("%/k/a", "r");
	is("%/k/a/b", "none");
	ok(!resolve_rules(NULL, "r %", "n %/fifo", NULL), "what cannot be executed need not be denied it");
	reset();
	rule("w %/k");
	rule("n %/k/a");
	rule("n /tmp");
	rule("n /dev");
	rule("k %/k/a/b");
	policy.exec = EXEC_ANY;
	ok(!resolve(NULL, NULL), "where everything may be executed");
	is("%/k", "rwxX");
	is("%/k/a", "rw");
	is("%/k/a/b", "r");
	is("/tmp", "private rw");
	is("/dev/shm", "private rw");
	is("/var/tmp", "private rwxX");
	rule("n %/k/f");
	ok(!resolve(NULL, NULL), "a file");
	is("%/k/f", "rw");
	policy.overlay = true;
	ok(resolve(NULL, NULL) == -ENOTDIR, "has no overlay, and would be written to");
	rule("k %/k/f");
	ok(!resolve(NULL, NULL), "unless it is kept");
	is("%/k/f", "r");
	policy.overlay = false;
	ok(resolve_rules(NULL, "r /usr", "n /", NULL) == -EINVAL, "/ holds every program");
	reset();
	rule("r /usr");
	rule("n /usr/bin");
	ok(!resolve__command("/usr/bin/cat", NULL, &c) && resolve(NULL, &c) == -EACCES, "a denied command is told before");
	resolve__command_done(&c);
}

static void homes(void)
{
	dir("%/home");
	dir("%/home/p");
	reset();
	rule("r %/home/p");
	ok(!resolve(at("%/home"), NULL), "a private home");
	is("%/home", "private rw");
	is("%/home/p", "rX"); /* granted in it, and nothing of the private access */
	reset();
	rule("r %/home");
	ok(!resolve(at("%/home"), NULL) && !g.home, "a granted home is not replaced");
	is("%/home", "rX");
	reset();
	rule("w %");
	ok(!resolve(at("%/home"), NULL) && !g.home, "nor one within what is granted");
}

static void projects(void)
{
	dir("%/git");
	dir("%/git/.git");
	dir("%/git/.git/hooks");
	file("%/git/.git/config");
	file("%/git/.envrc");
	reset();
	rule("w %/git");
	policy.protect_project = true;
	ok(!resolve(NULL, NULL), "a project is protected");
	is("%/git", "rw");
	is("%/git/.git/hooks", "rX");
	is("%/git/.git/config", "rX");
	is("%/git/.envrc", "rX");
	rule("w %/git/.git/hooks");
	ok(!resolve(NULL, NULL), "unless it is asked for by name");
	is("%/git/.git/hooks", "none"); /* writable as the rest */
	is("%/git/.git/config", "rX");
	reset();
	rule("w %/git");
	policy.protect_project = true;
	link_to("/etc", "%/git/.vscode");
	ok(resolve(NULL, NULL) == -ELOOP, "a link in the place of what is protected is an error");
	unlink(at("%/git/.vscode"));
}

static void bounds(void)
{
	char path[4600];

	dir("%/many");
	for (unsigned int i = 0; i < 4097; i++) {
		snprintf(path, sizeof(path), "%s/many/f%u", top, i);
		file(path);
	}
	ok(resolve_rules(NULL, "r %/many/f*", NULL) == -E2BIG, "too many matches");
	ok(!resolve_rules(NULL, "r %/many/f1*", NULL), "fewer are fine");
	ok(resolve_rules(NULL, "w %/many", "d /**/f*", NULL) == -E2BIG, "too many to deny");
	/* deeper than any path can say */
	snprintf(path, sizeof(path), "%s/deep", top);
	dir(path);
	if (chdir(path))
		exit(99);
	for (unsigned int i = 0; i < 2500; i++)
		if (mkdir("dd", 0755) || chdir("dd"))
			exit(99);
	ok(resolve_rules(NULL, "w %/deep", "d /**/x", NULL) == -ENAMETOOLONG, "too deep to deny in, and said");
	if (chdir("/"))
		exit(99);
	ok(!resolve_rules(NULL, "w %/deep", "d %/deep/x", NULL), "a literal deny needs no walk");
	reset();
	for (unsigned int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "r %%/many/f%u", i);
		rule(path);
	}
	ok(!resolve(NULL, NULL) && g.n > 3000, "3,000 paths");
	for (size_t i = 1; i < g.n; i++)
		if (strcmp(g.v[i - 1].path, g.v[i].path) >= 0)
			ok(false, "sorted, each once: %s", g.v[i].path);
}

/* ---- races: a directory that is a link every other moment ------------------------------------------------------- */

static atomic_bool stop;

static void *flip(void *unused)
{
	char a[300], b[300];

	(void)unused;
	snprintf(a, sizeof(a), "%s/race/dir", top);
	snprintf(b, sizeof(b), "%s/race/link", top);
	while (!atomic_load(&stop))
		renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
	return NULL;
}

static void races(void)
{
	unsigned int good = 0, refused = 0, stale = 0, wrong = 0;
	struct stat real, got;
	pthread_t t;

	dir("%/race");
	dir("%/race/dir");
	link_to("/etc", "%/race/link");
	stat(at("%/race/dir"), &real);
	reset();
	rule("w %/race/dir");
	pthread_create(&t, NULL, flip, NULL);
	for (unsigned int i = 0; i < 3000; i++) {
		const struct grant *v;
		int fd;

		if (resolve(NULL, NULL)) {
			refused++;
			continue;
		}
		v = grants__nearest(&g, at("%/race/dir"), true);
		if (!v || v->kind != GRANT_HOST || resolve__reopen(v, &fd)) {
			stale++;
			continue;
		}
		if (fstat(fd, &got) || got.st_ino != real.st_ino || got.st_dev != real.st_dev)
			wrong++;
		good++;
		close(fd);
	}
	atomic_store(&stop, true);
	pthread_join(t, NULL);
	printf("# %u opened, %u refused, %u changed in between, %u wrong\n", good, refused, stale, wrong);
	ok(!wrong, "whatever was opened is the directory itself");
	ok(good && refused, "and both happened");
}

static void reopening(void)
{
	char other[300];
	int fd;

	dir("%/re");
	dir("%/re/x");
	file("%/re/f");
	ok(!resolve_rules(NULL, "r %/re/x", "r %/re/f", NULL), "resolved");
	ok(!resolve__reopen(grants__nearest(&g, at("%/re/x"), true), &fd) && !close(fd), "the same is found again");
	rmdir(at("%/re/x"));
	ok(resolve__reopen(grants__nearest(&g, at("%/re/x"), true), &fd) == -ESTALE, "not when it is gone");
	link_to("/etc", "%/re/x");
	ok(resolve__reopen(grants__nearest(&g, at("%/re/x"), true), &fd) == -ESTALE, "nor when a link stands there");
	/* the very same file, but through a link */
	dir("%/re/mid");
	file("%/re/mid/f");
	ok(!resolve_rules(NULL, "r %/re/mid/f", "r %/re/f", NULL), "resolved again");
	snprintf(other, sizeof(other), "%s/re/moved", top);
	rename(at("%/re/mid"), other);
	link_to("moved", "%/re/mid");
	ok(resolve__reopen(grants__nearest(&g, at("%/re/mid/f"), true), &fd) == -ESTALE, "nor through a link");
	file("%/re/g");
	snprintf(other, sizeof(other), "%s/re/g", top);
	rename(other, at("%/re/f"));
	ok(resolve__reopen(grants__nearest(&g, at("%/re/f"), true), &fd) == -ESTALE, "nor when another file does");
}

/* ---- commands ----------------------------------------------------------------------------------------------- */

static void script(const char *path, const char *text)
{
	FILE *f = fopen(at(path), "w");

	if (!f)
		exit(99);
	fputs(text, f);
	fchmod(fileno(f), 0755);
	fclose(f);
}

/* The final program of PATH, and how many files it takes; "" when it cannot be told. */
static const char *chain(const char *path, unsigned int *ret_n)
{
	static struct resolved_command c;
	static char final[4096];

	resolve__command_done(&c);
	if (resolve__command(at(path), "/nonexistent:/usr/bin:/bin", &c))
		return "";
	*ret_n = c.n;
	snprintf(final, sizeof(final), "%s", c.n ? c.v[c.final].path : "");
	return final;
}

static void commands(void)
{
	static const struct {
		const char *text, *final;
	} cases[] = {
		{ "#!/bin/cat\n", "/usr/bin/cat" },	     { "#! /bin/cat  -n \n", "/usr/bin/cat" },
		{ "#!/usr/bin/env cat\n", "/usr/bin/cat" },  { "#!/usr/bin/env -S cat -n\n", "/usr/bin/cat" },
		{ "#!/usr/bin/env -iS cat\n", "/usr/bin/cat" }, { "#!/usr/bin/env -S A=1 -u B 'cat' -n\n", "/usr/bin/cat" },
		{ "#!/usr/bin/env -S\"cat\"\n", "/usr/bin/cat" }, { "#!/usr/bin/env\n", "/usr/bin/env" },
		{ "#!/usr/bin/env A=1\n", "/usr/bin/env" },  { "#!/nonexistent/x\n", "" },
		{ "#!/usr/bin/env no-such-program\n", "" },  { "#!/tmp\n", "" },
	};
	struct resolved_command c;
	unsigned int n = 0;

	ok(!strcmp(chain("/bin/cat", &n), "/usr/bin/cat") && n == 2, "a program and its loader: %u files", n);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *have;

		script("%/script", cases[i].text);
		have = chain("%/script", &n);
		ok(!strcmp(have, cases[i].final), "%.*s ends in '%s'%s%s", (int)strcspn(cases[i].text, "\n"), cases[i].text,
		   cases[i].final, strcmp(have, cases[i].final) ? ", not " : "", strcmp(have, cases[i].final) ? have : "");
	}
	script("%/script", "not a script");
	chain("%/script", &n);
	ok(n == 1, "neither: the file alone");
	for (unsigned int i = 0; i < 7; i++) {
		char name[32], text[400];

		snprintf(name, sizeof(name), "%%/chain%u", i);
		snprintf(text, sizeof(text), i ? "#!%s/chain%u\n" : "#!/bin/cat\n", top, i - 1);
		script(name, text);
	}
	ok(!strcmp(chain("%/chain3", &n), "/usr/bin/cat"), "four interpreters");
	ok(!*chain("%/chain6", &n), "seven are too many");
	dir("%/elf");
	script("%/elf/short", "\177ELF\2\1\1");
	ok(!*chain("%/elf/short", &n), "a cut ELF file is no command");
	/* a link in a directory that may be anybody's */
	link_to("script", "%/alias");
	script("%/script", "#!/bin/cat\n");
	ok(!resolve__command(at("%/alias"), NULL, &c) && c.v[0].link, "a link to a command is noted");
	reset();
	rule("r /usr");
	ok(resolve(NULL, &c) == -ELOOP, "and not run, because it would make its target readable");
	rule("r %");
	ok(!resolve(NULL, &c), "unless that can be read anyway");
	is("%/script", "rxX");
	rule("d %/script");
	ok(resolve(NULL, &c) == -EACCES, "a denied command is said before it fails");
	resolve__command_done(&c);
}

static void listed(void)
{
	dir("%/tool");
	script("%/tool/planted", "#!/usr/bin/cat\n");
	reset();
	rule("r /usr");
	rule("x %/tool/planted");
	policy.exec = EXEC_LISTED;
	ok(!resolve(NULL, NULL), "a listed script");
	is("/usr/bin/cat", "rxX"); /* and its interpreter */
	rule("w %/tool");
	ok(!resolve(NULL, NULL), "one that a sandbox may have written");
	is("/usr/bin/cat", "none"); /* does not choose what may be executed */
}

static void reported(void)
{
	struct resolve_opts o = { .reports = reports };

	memset(reports, 0, sizeof(reports));
	reset();
	rule("r %/p");
	rule("w %/gone");
	rule("r %/l/planted");
	rule("r /tmp");
	rule("r %/nothing*");
	grants__done(&g);
	ok(!resolve__policy(&policy, &o, &g), "with reports it goes on");
	ok(reports[0].paths == 1 && !*reports[0].problem, "one is there");
	ok(*reports[1].problem && strstr(reports[1].hint, "mkdir -p"), "one is missing: %s", reports[1].hint);
	ok(*reports[2].problem && strstr(reports[2].problem, "escaped"), "one is a link");
	ok(reports[3].own && reports[4].missing, "one is ours, one matches nothing");
	memset(reports, 0, sizeof(reports));
	reset();
	rule("w %/k");
	rule("k %/k/a");
	rule("n /tmp");
	rule("k /etc");
	rule("k /dev/null");
	grants__done(&g);
	ok(!resolve__policy(&policy, &o, &g), "what is taken away is told too");
	ok(reports[1].paths == 1 && !reports[1].own && reports[2].own, "a part of what is granted, a place of our own");
	ok(!reports[3].paths && !reports[3].own && *reports[4].problem, "nothing that is there, what no layer can do");
}

/* ---- what runs already ---------------------------------------------------------------------------------------- */

static char named[8][4096];
static unsigned int n_named;

/* "=/x/y": whatever has that name in /x. "+/x": names below it. */
static int name_it(void *to, enum live_what what, const char *path)
{
	static const char *const marks[] = { [LIVE_IS] = "", [LIVE_NAMED] = "=", [LIVE_BASE] = "+" };

	(void)to;
	if (n_named < ARRAY_SIZE(named))
		snprintf(named[n_named], sizeof(named[0]), "%s%s", marks[what], path);
	n_named++;
	return 0;
}

/* The last rule names the NULL-terminated paths, in this order. */
static void names(const char *what, ...)
{
	struct resolve_live *l;
	char why[160] = "", want[4096];
	const char *path;
	unsigned int n = 0;
	bool good;
	va_list ap;
	int err;

	rule(what);
	l = resolve__live_new(&policy);
	n_named = 0;
	err = resolve__live_expand(l, &policy.rules[policy.n_rules - 1], name_it, NULL, why, sizeof(why));
	resolve__live_free(l);
	good = !err;
	va_start(ap, what);
	while ((path = va_arg(ap, const char *))) {
		snprintf(want, sizeof(want), "%.*s%s", (int)strspn(path, "=+"), path, at(path + strspn(path, "=+")));
		good &= n < n_named && !strcmp(named[n], want);
		n++;
	}
	va_end(ap);
	ok(good && n == n_named, "live: %s names %u path%s%s%s", what, n, n == 1 ? "" : "s", *why ? ": " : "", why);
	if (!good || n != n_named)
		for (unsigned int i = 0; i < n_named && i < ARRAY_SIZE(named); i++)
			printf("# %s\n", named[i]);
}

/* A deny of a directory names what is mounted below, which may be mounted elsewhere too: of /, every mount there is. */
static void names_mounts(void)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct resolve_live *l;
	char why[160] = "";
	unsigned int n = 1;
	struct mntent *m;
	int err;

	while (f && (m = getmntent(f)))
		n += strcmp(m->mnt_dir, "/") != 0;
	if (f)
		endmntent(f);
	rule("n /");
	l = resolve__live_new(&policy);
	n_named = 0;
	err = resolve__live_expand(l, &policy.rules[policy.n_rules - 1], name_it, NULL, why, sizeof(why));
	resolve__live_free(l);
	ok(!err && n > 1 && n_named == n + 1 && !strcmp(named[0], "/"), "live: n / names the %u mounts too", n - 1);
}

static void names_nothing(const char *what, const char *words)
{
	struct resolve_live *l;
	char why[160] = "";
	int err;

	rule(what);
	l = resolve__live_new(&policy);
	n_named = 0;
	err = resolve__live_expand(l, &policy.rules[policy.n_rules - 1], name_it, NULL, why, sizeof(why));
	resolve__live_free(l);
	ok(err && strstr(why, words), "live: %s: %s", what, why);
}

static void live(void)
{
	char path[300];
	int fd;

	reset();
	names("d %/k/a", "%/k/a", "=%/k/a", NULL);
	names("d %/gone", "=%/gone", NULL); /* not there yet */
	names("d %/gone/x", NULL);
	names("d %/gone/*", NULL);
	names("w %/k/later", "=%/k/later", NULL);
	names("k %/k/link", "%/k/a/b", "=%/k/a/b", "=%/k/link", NULL); /* what it leads to, and what takes its place */
	names("r /", "/", "=/", NULL);
	names_mounts();
	names("k /proc/sys", "/proc/sys", "=/proc/sys", NULL);
	names("d /dev/null", "/dev/null", "=/dev/null", NULL);
	names("k %/fifo", "%/fifo", "=%/fifo", NULL); /* an inode as any other */
	names("d %/k/*/b", "+%/k", "%/k/a/b", NULL);
	names("d %/d/deep/.h*", "+%/d/deep", "%/d/deep/.hidden", NULL); /* a deny sees hidden names, though nothing is granted */
	names("r %/d/deep/*", "+%/d/deep", "%/d/deep/plain", NULL);
	names("d %/k/[a]", "%/k/a", "=%/k/a", NULL); /* no pattern that names can be held by */
	names_nothing("r %/l/planted", "escaped");
	names_nothing("r %/many/f?*", "more than 4096");
	/* text and destination of a link in /proc may differ, as where a process has another root */
	dir("%/gone");
	fd = open(at("%/gone"), O_PATH | O_DIRECTORY);
	rmdir(at("%/gone"));
	dir("%/gone (deleted)");
	snprintf(path, sizeof(path), "d /proc/%d/fd/%d", getpid(), fd);
	names_nothing(path, "another file for each process");
	close(fd);
	names("r /lib", "/usr/lib", "=/usr/lib", "=/lib", NULL);
	policy.exec = EXEC_LISTED;
	names("x /usr/bin/cat", "/usr/bin/cat", "=/usr/bin/cat", NULL); /* not its loader, about which nobody is asked */
	script("%/tool/planted", "#!/usr/bin/env cat\n");
	names("x %/tool/planted", "%/tool/planted", "=%/tool/planted", "/usr/bin/env", "/usr/bin/cat", NULL);
	names("w %/tool", "%/tool", "=%/tool", NULL);
	names("x %/tool/planted", "%/tool/planted", "=%/tool/planted", NULL); /* what may be written does not choose */
}

int main(int argc, char **argv)
{
	if (argc != 2 || snprintf(top, sizeof(top), "%s", argv[1]) >= (int)sizeof(top))
		return 2;
	paths();
	odd_files();
	links();
	denied();
	kept();
	not_executed();
	homes();
	projects();
	bounds();
	races();
	reopening();
	commands();
	listed();
	reported();
	live();
	grants__done(&g);
	printf("1..%u\n", count);
	return failures ? 1 : 0;
}
