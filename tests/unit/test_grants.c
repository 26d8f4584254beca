/* SPDX-License-Identifier: Apache-2.0 */
/* The decision about a path, against a second implementation that looks at every grant and compares component by component. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/util.h"
#include "policy/grants.h"

#define R ACCESS_READ
#define W ACCESS_WRITE
#define X ACCESS_EXEC

static struct grant sample[] = {
	{ .path = (char *)"/dev", .kind = GRANT_PRIVATE, .access = R, .dir = true },
	{ .path = (char *)"/dev/null", .kind = GRANT_PRIVATE, .access = R | W },
	{ .path = (char *)"/etc/passwd", .kind = GRANT_PRIVATE, .access = R },
	{ .path = (char *)"/home/u", .kind = GRANT_PRIVATE, .access = R | W, .dir = true },
	{ .path = (char *)"/home/u/p", .access = R | W, .dir = true },
	{ .path = (char *)"/home/u/p/.env", .kind = GRANT_MASK },
	{ .path = (char *)"/home/u/p/.git/hooks", .access = R, .dir = true, .exec_mount = true },
	{ .path = (char *)"/home/u/p/secret", .kind = GRANT_MASK, .dir = true },
	{ .path = (char *)"/opt/one", .access = R },
	{ .path = (char *)"/usr", .access = R, .dir = true, .exec_mount = true },
	{ .path = (char *)"/usr/bin/env", .access = R | X, .exec_mount = true },
};
static struct grant_link links[] = {
	{ (char *)"/lib", (char *)"usr/lib" }, { (char *)"/var/run", (char *)"/run" }, { (char *)"/a/b", (char *)"../c/./d" },
	{ (char *)"/loop", (char *)"/loop" },
};
static const struct grants g = { .v = sample, .n = ARRAY_SIZE(sample), .links = links, .n_links = ARRAY_SIZE(links) };

static void expect(const char *path, uint8_t access, bool allowed, bool hidden, enum layer layer, const char *grant)
{
	struct verdict_path v = grants__path(&g, path, access);

	if (v.allowed != allowed || v.hidden != hidden || v.layer != layer || !v.grant != !grant ||
	    (grant && strcmp(v.grant->path, grant)))
		fail_msg("%s %d: allowed %d hidden %d layer %s grant %s", path, access, v.allowed, v.hidden, layer__name(v.layer),
			 v.grant ? v.grant->path : "none");
}

static void test_decisions(void **state)
{
	(void)state;
	expect("/usr/lib/x", R, true, false, LAYER_NONE, "/usr");
	expect("/usr/lib/x", R | W, false, false, LAYER_MOUNT, "/usr");
	expect("/usr/bin/env", R | X, true, false, LAYER_NONE, "/usr/bin/env");
	expect("/usr/bin/ls", X, false, false, LAYER_EXEC, "/usr");
	expect("/usrx", R, false, true, LAYER_MOUNT, NULL);
	expect("/us", R, false, true, LAYER_MOUNT, NULL);
	expect("/etc/shadow", R, false, true, LAYER_MOUNT, NULL);
	expect("/etc/passwd", R, true, false, LAYER_NONE, "/etc/passwd");
	expect("/etc/passwd", W, false, false, LAYER_MOUNT, "/etc/passwd");
	/* only there because of what is below: can be listed, nothing can be made in it */
	expect("/", R, true, false, LAYER_NONE, NULL);
	expect("/", W, false, false, LAYER_MOUNT, NULL);
	expect("/etc", R, true, false, LAYER_NONE, NULL);
	expect("/home", R, true, false, LAYER_NONE, NULL);
	expect("/home", W, false, false, LAYER_MOUNT, NULL);
	expect("/var", R, true, false, LAYER_NONE, NULL);
	/* our own, what is granted in it, what is taken out of that again */
	expect("/home/u/.bashrc", W, true, false, LAYER_NONE, "/home/u");
	expect("/home/u/p/new", W, true, false, LAYER_NONE, "/home/u/p");
	expect("/home/u/p/new", X, false, false, LAYER_EXEC, "/home/u/p");
	expect("/home/u/p/.env", R, false, false, LAYER_MOUNT, "/home/u/p/.env");
	expect("/home/u/p/secret/deep/er", R, false, false, LAYER_MOUNT, "/home/u/p/secret");
	expect("/home/u/p/secrets", R, true, false, LAYER_NONE, "/home/u/p");
	expect("/home/u/p/.git/hooks/pre-commit", W, false, false, LAYER_MOUNT, "/home/u/p/.git/hooks");
	expect("/home/u/p/.git/hooks/pre-commit", R, true, false, LAYER_NONE, "/home/u/p/.git/hooks");
	expect("/home/u/p/.git/index", W, true, false, LAYER_NONE, "/home/u/p");
	expect("/dev/null", W, true, false, LAYER_NONE, "/dev/null");
	expect("/dev/sda", W, false, false, LAYER_MOUNT, "/dev");
	/* ENOTDIR, as anywhere */
	expect("/opt/one/more", R | W, true, false, LAYER_NONE, "/opt/one");
}

static void test_exec_layers(void **state)
{
	struct grants listed = g;
	struct verdict_path v;

	(void)state;
	listed.exec = EXEC_LISTED;
	v = grants__path(&listed, "/usr/bin/ls", X);
	assert_true(!v.allowed && v.layer == LAYER_LANDLOCK);
	v = grants__path(&listed, "/home/u/p/tool", X);
	assert_true(!v.allowed && v.layer == LAYER_MOUNT); /* noexec */
}

static void test_canonical(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "/", "/" }, { "//", "/" }, { "/..", "/" }, { "/usr/./bin//x/", "/usr/bin/x" }, { "/usr/../etc", "/etc" },
		{ "/lib/x", "/usr/lib/x" }, { "/lib", "/usr/lib" }, { "/library", "/library" }, { "/x/../lib/y", "/usr/lib/y" },
		{ "/var/run/a", "/run/a" }, { "/a/b/e", "/c/d/e" }, { "/lib/../z", "/usr/z" },
	};
	char out[PATH_MAX], small[8], *longest = malloc(2 * PATH_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(grants__canonical(&g, cases[i].in, out, sizeof(out)), 0);
		assert_string_equal(out, cases[i].out);
	}
	assert_int_equal(grants__canonical(&g, "/loop/x", out, sizeof(out)), -ENAMETOOLONG);
	assert_int_equal(grants__canonical(&g, "/lib/x", small, sizeof(small)), -ENAMETOOLONG);
	for (size_t len = PATH_MAX - 12; len < PATH_MAX + 12; len++) {
		memset(longest, 'y', len);
		memcpy(longest, "/lib/", 5);
		longest[len] = 0;
		/* four bytes more than what was given, and the NUL */
		assert_int_equal(grants__canonical(&g, longest, out, sizeof(out)), len + 4 < PATH_MAX ? 0 : -ENAMETOOLONG);
	}
	free(longest);
}

/* ---- the second implementation ------------------------------------------------------------------------------ */

struct parts {
	char *v[8];
	size_t n;
};

static struct parts split(const char *path, char *buf)
{
	struct parts p = { 0 };
	char *save = NULL;

	strcpy(buf, path);
	for (char *t = strtok_r(buf, "/", &save); t; t = strtok_r(NULL, "/", &save))
		p.v[p.n++] = t;
	return p;
}

static bool begins(const struct parts *path, const struct parts *with)
{
	if (with->n > path->n)
		return false;
	for (size_t i = 0; i < with->n; i++)
		if (strcmp(path->v[i], with->v[i]))
			return false;
	return true;
}

/* By every grant: the longest that the path begins with decides. */
static bool oracle(const struct grants *all, const char *path, uint8_t access, const struct grant **ret_grant)
{
	char a[256], b[256];
	struct parts want = split(path, a);
	bool above = !want.n;
	size_t best = 0;

	*ret_grant = NULL;
	for (size_t i = 0; i < all->n; i++) {
		struct parts have = split(all->v[i].path, b);

		if (begins(&want, &have) && (!*ret_grant || have.n > best)) {
			best = have.n;
			*ret_grant = &all->v[i];
		}
		above |= begins(&have, &want) && have.n > want.n;
	}
	if (!*ret_grant)
		return above && access == R;
	if ((*ret_grant)->kind == GRANT_MASK)
		return false;
	if (!(*ret_grant)->dir && want.n > best)
		return true;
	return !(access & ~(*ret_grant)->access);
}

static uint32_t seed = 1;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void random_path(char *out)
{
	static const char *const names[] = { "a", "b", "ab", "a-", "a.b", "B", "~" };
	unsigned int depth = rnd(5);

	*out = 0;
	for (unsigned int i = 0; i < depth; i++) {
		strcat(out, "/");
		strcat(out, names[rnd(ARRAY_SIZE(names))]);
	}
	if (!*out)
		strcpy(out, "/");
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct grant *)a)->path, ((const struct grant *)b)->path);
}

static void test_against_oracle(void **state)
{
	unsigned int allowed = 0, refused = 0;

	(void)state;
	for (unsigned int round = 0; round < 3000; round++) {
		struct grant v[12];
		char paths[12][64], path[64];
		struct grants set = { .v = v, .exec = (enum exec_mode)rnd(3) };
		unsigned int n = rnd(13);

		for (unsigned int i = 0; i < n; i++) {
			bool twice = false;

			random_path(paths[i]);
			for (size_t k = 0; k < set.n; k++)
				twice |= !strcmp(v[k].path, paths[i]);
			if (!twice)
				v[set.n++] = (struct grant){ .path = paths[i], .kind = (enum grant_kind)rnd(3),
							     .access = (uint8_t)rnd(8), .dir = rnd(3) };
		}
		qsort(v, set.n, sizeof(v[0]), by_path);
		for (unsigned int k = 0; k < 40; k++) {
			uint8_t access = (uint8_t)(1 + rnd(7));
			const struct grant *grant;
			struct verdict_path got;
			bool want;

			random_path(path);
			want = oracle(&set, path, access, &grant);
			got = grants__path(&set, path, access);
			if (got.allowed != want || got.grant != grant)
				fail_msg("%s access %d: %d by %s, expected %d by %s", path, access, got.allowed,
					 got.grant ? got.grant->path : "none", want, grant ? grant->path : "none");
			/* a refusal names its layer, a permission none; what is hidden is covered by nothing */
			assert_true(got.allowed == (got.layer == LAYER_NONE));
			assert_true(!got.hidden || (!got.allowed && !got.grant));
			allowed += got.allowed;
			refused += !got.allowed;
		}
	}
	assert_true(allowed > 10000 && refused > 10000);
}

static void test_deny_rules(void **state)
{
	struct policy_rule rules[] = {
		{ .kind = RULE_READ, .value = (char *)"/x" },
		{ .kind = RULE_DENY, .value = (char *)"/etc/shadow" },
		{ .kind = RULE_DENY, .value = (char *)"/home/*/.ssh", .pattern = true },
		{ .kind = RULE_DENY, .value = (char *)"/**/.env", .pattern = true },
		{ .kind = RULE_DENY, .value = (char *)"/a/**/b/**/c[0-9]?", .pattern = true },
	};
	const struct policy policy = { .rules = rules, .n_rules = ARRAY_SIZE(rules) };
	struct grants all = g;
	static const struct {
		const char *path;
		int rule; /* -1: none */
	} cases[] = {
		{ "/x", -1 }, { "/etc/shadow", 1 }, { "/etc/shadow/x", 1 }, { "/etc/shadow-", -1 }, { "/home/u/.ssh", 2 },
		{ "/home/u/.ssh/id", 2 }, { "/home/u/v/.ssh", -1 }, { "/home/.h/.ssh", 2 }, { "/.env", 3 }, { "/q/w/.env/e", 3 },
		{ "/q/.envx", -1 }, { "/a/b/c1x", 4 }, { "/a/b/b/q/c1x/y", 4 }, { "/a/q/w/b/c1x", 4 }, { "/a/b/c1", -1 },
		{ "/a/c1x", -1 }, { "/", -1 },
	};

	(void)state;
	all.policy = &policy;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct policy_rule *rule = grants__deny_rule(&all, cases[i].path);

		if (rule != (cases[i].rule < 0 ? NULL : &rules[cases[i].rule]))
			fail_msg("%s: %s", cases[i].path, rule ? rule->value : "none");
	}
}

static void test_glob(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool plain, hidden; /* the answer without and with HIDDEN */
	} cases[] = {
		{ "*", "a", true, true }, { "*", ".a", false, true }, { ".*", ".a", true, true }, { "?a", ".a", false, true },
		{ "[.]a", ".a", false, true }, { "a*b*c", "axbyc", true, true }, { "a*b*c", "axbycd", false, false },
		{ "*.so*", "libx.so.1", true, true }, { "[!a]", "b", true, true }, { "[!a]", "a", false, false },
		{ "[a-c]x", "bx", true, true }, { "[]]", "]", true, true }, { "[*]", "*", true, true }, { "[*]", "x", false, false },
		{ "[[]x", "[x", true, true }, { "[x", "[x", true, true }, { "", "", true, true }, { "", "a", false, false },
		{ "***", "", true, true }, { "a?", "a", false, false },
		/* a character, not a byte; one for each byte of what is no UTF-8 */
		{ "?", "\xc3\xa9", true, true }, { "??", "\xc3\xa9", false, false }, { "*?", "\xe2\x82\xac", true, true },
		{ "?", "\xf0\x9f\x98\x80", true, true }, { "?", "\xc3", true, true }, { "??", "\xff\xfe", true, true },
		{ "?a", "\xc3" "a", true, true }, { "?", "\xe2\x82", false, false },
	};
	char pattern[512] = "", name[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (grants__glob(cases[i].pattern, cases[i].name, false) != cases[i].plain ||
		    grants__glob(cases[i].pattern, cases[i].name, true) != cases[i].hidden)
			fail_msg("%s against %s", cases[i].pattern, cases[i].name);
	}
	/* would take ages if every star were tried again */
	for (unsigned int i = 0; i < 100; i++)
		strcat(pattern, "*a");
	strcat(pattern, "*b");
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_false(grants__glob(pattern, name, true));
}

static void test_layer_names(void **state)
{
	(void)state;
	for (enum layer a = LAYER_NONE; a < LAYER_MAX; a++) {
		assert_non_null(layer__name(a));
		for (enum layer b = LAYER_NONE; b < a; b++)
			assert_string_not_equal(layer__name(a), layer__name(b));
	}
	assert_string_equal(layer__name(LAYER_MAX), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),      cmocka_unit_test(test_exec_layers), cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_against_oracle), cmocka_unit_test(test_layer_names),
		cmocka_unit_test(test_deny_rules),     cmocka_unit_test(test_glob),
	};

	return cmocka_run_group_tests_name("grants", tests, NULL, NULL);
}
