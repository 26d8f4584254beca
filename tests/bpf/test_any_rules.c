/* SPDX-License-Identifier: Apache-2.0 */
/* Any rules about any files: what the kernel decides of them against what they mean (naive.h). */
#include "bpf_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/util.h"
#include "naive.h"

static const char *const kinds[] = { "deny", "deny_write", "deny_exec", "allow_read", "allow_write", "allow_exec" };
enum { N_RULES = 6, N_PATHS = 120 };
static unsigned int seen[2]; /* allowed, denied */

struct any_rule {
	unsigned int kind;
	bool held; /* for names that are not there yet, too */
	char text[256], alias[256];
};
static char paths[N_PATHS][256]; /* that there are; rnd/a is mounted on rnd/mnt, too */

static const char *any_name(void)
{
	static const char *const names[] = { "a", "ab", "abc", "b", ".a", "a.k", "ab.k", ".k", "k", "x.k" };

	return names[any(ARRAY_SIZE(names))];
}

static void any_path(char *ret)
{
	strcpy(ret, "rnd");
	for (unsigned int n = 1 + any(5); n; n--)
		sprintf(ret + strlen(ret), "/%s", any_name());
}

/* The rest of a pattern. What is looked for by name: docs/policy.md. */
static void any_pattern(struct any_rule *r)
{
	enum { NO, DENIED, ANY };
	static const struct {
		const char *text;
		int held;
	} dirs[] = { { "", ANY },	    { "", ANY },      { "/*", DENIED }, { "/**", DENIED },
		     { "/*/*", DENIED }, { "/**/*", NO }, { "/[ab]", NO } };
	static const char *const lasts[] = { "/%s", "/*%s", "/%s*", "/*", "/?%s" };
	unsigned int dir = any(ARRAY_SIZE(dirs)), last = any(ARRAY_SIZE(lasts));

	strcat(r->text, dirs[dir].text);
	sprintf(r->text + strlen(r->text), lasts[last], any_name());
	if (*dirs[dir].text || last)
		r->held = last != 4 && dirs[dir].held >= (r->kind < 3 ? DENIED : ANY);
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* What a rule is about, or begins with: mostly something that is there. */
static void any_place(char *ret)
{
	const char *path = paths[any(N_PATHS)];
	bool mounted = is_below(path, "rnd/a") && any(2);

	if (!any(4)) {
		any_path(ret);
		return;
	}
	sprintf(ret, "%s%s", mounted ? "rnd/mnt" : "", path + (mounted ? strlen("rnd/a") : 0));
	for (unsigned int up = any(3); up && strchr(ret, '/') != strrchr(ret, '/'); up--)
		*strrchr(ret, '/') = 0;
}

static void any_rule(struct any_rule *r)
{
	char path[128];

	r->kind = any(ARRAY_SIZE(kinds));
	any_place(path);
	snprintf(r->text, sizeof(r->text), "%s/%s", work, path);
	r->held = true;
	/* what may be written is named as it is: patterns are refused */
	if (any(2) && r->kind != 4)
		any_pattern(r);
	/* what is below the one is below the other */
	snprintf(path, sizeof(path), "%s/rnd/mnt", work);
	if (is_below(r->text, path))
		snprintf(r->alias, sizeof(r->alias), "%s/rnd/a%s", work, r->text + strlen(path));
	else
		strcpy(r->alias, r->text);
}

/* NEW: it is not there yet. */
static bool covers(const struct any_rule *r, const char *path, bool new)
{
	char dir[512];

	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	if (new && !r->held)
		path = dir;
	return naive__matches(r->text, path, r->kind < 3) || naive__matches(r->alias, path, r->kind < 3);
}

/* Which of READ, WRITE, EXEC is denied of what is shown as PATH, and as SECOND elsewhere. */
static unsigned int naive_denied(const struct any_rule *rules, const char *path, const char *second, bool new)
{
	static const unsigned int denies[] = { READ | WRITE | EXEC, WRITE, EXEC };
	static const unsigned int allows[] = { READ, READ | WRITE, READ | EXEC };
	unsigned int denied = 0, closed = 0, allowed = 0;

	for (unsigned int i = 0; i < N_RULES && *rules[i].text; i++) {
		unsigned int kind = rules[i].kind;
		bool match = covers(&rules[i], path, new) || covers(&rules[i], second, new);

		if (kind < 3)
			denied |= match ? denies[kind] : 0;
		else
			allowed |= match ? allows[kind - 3] : 0;
		closed |= kind < 3 ? 0 : 1U << (kind - 3);
	}
	return denied | (closed & ~allowed);
}

static void rules_text(const struct any_rule *rules, char *text)
{
	strcpy(text, FS);
	for (unsigned int kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		sprintf(text + strlen(text), "%s = [", kinds[kind]);
		for (unsigned int i = 0; i < N_RULES && *rules[i].text; i++)
			if (rules[i].kind == kind)
				sprintf(text + strlen(text), "\"%s\", ", rules[i].text);
		/* an empty list allows nothing: leave it out */
		if (text[strlen(text) - 1] == '[')
			*strrchr(text, '\n') = 0;
		else
			strcat(text, "]");
		strcat(text, "\n");
	}
}

static unsigned int verdicts(const struct ask_place *at)
{
	unsigned int denied = 0;

	for (unsigned int access = READ; access <= EXEC; access <<= 1)
		denied |= judge_place(at, access) == EV_DENIED ? access : 0;
	return denied;
}

/* Where it is, as the kernel says. */
static void text_of(const struct ask_place *at, char *text, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", at->fd);
	n = readlink(link, text, size - 1);
	assert_true(n > 0);
	snprintf(text + n, size - (size_t)n, "%s%s", *at->name ? "/" : "", at->name);
}

/* PATH, which is also to be found at ORIGIN. */
static void compare_as(const struct any_rule *rules, const char *path, const char *origin, const char *policy)
{
	char shown[512], whole[512];
	struct ask_place at;
	unsigned int is, want;

	open_place(path, &at);
	is = verdicts(&at);
	text_of(&at, shown, sizeof(shown));
	snprintf(whole, sizeof(whole), "%s/%s", work, origin);
	want = naive_denied(rules, shown, whole, *at.name);
	for (unsigned int access = READ; access <= EXEC; access <<= 1)
		seen[!!(is & access)]++;
	if (is != want)
		fail_msg("%s, %s: denied %x, should be %x\n%s", shown, *at.name ? "new" : "which is there", is, want, policy);
	close(at.fd);
}

static void compare(const struct any_rule *rules, const char *path, const char *policy)
{
	char mounted[512];

	compare_as(rules, path, path, policy);
	snprintf(mounted, sizeof(mounted), "rnd/mnt/%s", path + strlen("rnd/a/"));
	if (is_below(path, "rnd/a") && path[strlen("rnd/a")])
		compare_as(rules, mounted, path, policy);
}

static void any_policy(struct any_rule *rules, unsigned int n, char *text)
{
	memset(rules, 0, N_RULES * sizeof(*rules));
	for (unsigned int i = 0; i < n; i++)
		any_rule(&rules[i]);
	rules_text(rules, text);
}

static void test_any_rules(void **state)
{
	static char policy[4096];
	struct any_rule rules[N_RULES];
	char new[512];

	(void)state;
	make("rnd/a/");
	make("rnd/mnt/");
	for (unsigned int i = 0; i < N_PATHS; i++) {
		any_path(paths[i]);
		snprintf(new, sizeof(new), "%.255s/", paths[i]);
		make(new);
	}
	assert_int_equal(mount("rnd/a", "rnd/mnt", NULL, MS_BIND, NULL), 0);
	for (unsigned int round = 0; round < rounds(60); round++) {
		any_policy(rules, 1 + any(N_RULES), policy);
		enforce(policy);
		for (unsigned int i = 0; i < N_PATHS; i++) {
			compare(rules, paths[i], policy);
			snprintf(new, sizeof(new), "%.255s//%s", paths[i], any_name());
			if (access(new, F_OK))
				compare(rules, new, policy);
		}
	}
	for (unsigned int i = 0; i < 2; i++)
		assert_true(seen[i] > 1000);
	assert_int_equal(umount2("rnd/mnt", MNT_DETACH), 0);
}

int run_any_rule_tests(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_any_rules) };

	return cmocka_run_group_tests_name("any rules about files", tests, NULL, NULL);
}
