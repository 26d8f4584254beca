/* SPDX-License-Identifier: Apache-2.0 */
/* The command's environment: what passes, what is set, what is stripped, and that no value is ever recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "sandbox/environ.h"

#define MAX_RULES 16

static struct policy_rule rules[MAX_RULES];
static struct policy policy = { .rules = rules };
static struct sandbox_env env;

static int begin(void **state)
{
	(void)state;
	policy.n_rules = 0;
	memset(&env, 0, sizeof(env));
	return 0;
}

static int end(void **state)
{
	(void)state;
	environ__done(&env);
	return 0;
}

static void rule(enum rule_kind kind, const char *value)
{
	assert_true(policy.n_rules < MAX_RULES);
	rules[policy.n_rules++] = (struct policy_rule){ .kind = kind, .value = (char *)value };
}

static void build(char *const host[])
{
	assert_int_equal(environ__build(&policy, host, "/home/u", &env), 0);
}

/* The value of NAME; NULL: not there. That it stands there once is checked too. */
static const char *get(const char *name)
{
	const char *ret = NULL;
	size_t len = strlen(name);

	for (char **e = env.envp; *e; e++)
		if (!strncmp(*e, name, len) && (*e)[len] == '=') {
			assert_null(ret);
			ret = *e + len + 1;
		}
	return ret;
}

static bool listed(char **list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

#define assert_value(name, value) assert_string_equal(get(name) ?: "(none)", value)
#define assert_passed(name) assert_true(listed(env.passed, env.n_passed, name))
#define assert_set(name) assert_true(listed(env.set, env.n_set, name))
#define assert_stripped(name) assert_true(listed(env.stripped, env.n_stripped, name))

static void nothing_passes_unasked(void **state)
{
	char *host[] = { "FOO=1", "PATH=/evil", "LANG=C", "HOME=/root", "TMPDIR=/var/tmp", "SANDTRACE=0", NULL };
	size_t n = 0;

	(void)state;
	build(host);
	while (env.envp[n])
		n++;
	assert_int_equal(n, 4);
	assert_value("HOME", "/home/u");
	assert_value("TMPDIR", "/tmp");
	assert_value("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	assert_value("SANDTRACE", "1");
	assert_int_equal(env.n_passed, 0);
	assert_int_equal(env.n_set, 4);
	assert_int_equal(env.n_dropped, 6);
	assert_int_equal(env.n_stripped, 0);
}

static void no_home_is_tmp(void **state)
{
	char *host[] = { NULL };

	(void)state;
	assert_int_equal(environ__build(&policy, host, NULL, &env), 0);
	assert_value("HOME", "/tmp");
	environ__done(&env);
	assert_int_equal(environ__build(&policy, NULL, NULL, &env), 0);
	assert_value("HOME", "/tmp");
}

static void allowed_names_pass(void **state)
{
	char *host[] = { "LANG=C.UTF-8", "LC_ALL=C", "LC_TIME=x=y", "LCX=1", "PATH=/bin", "EMPTY=", "lang=no", NULL };

	(void)state;
	rule(RULE_ENV_ALLOW, "LANG");
	rule(RULE_ENV_ALLOW, "LC_*");
	rule(RULE_ENV_ALLOW, "PATH");
	rule(RULE_ENV_ALLOW, "EMPTY");
	rule(RULE_ENV_ALLOW, "ABSENT");
	build(host);
	assert_value("LANG", "C.UTF-8");
	assert_value("LC_ALL", "C");
	assert_value("LC_TIME", "x=y");
	assert_value("PATH", "/bin");
	assert_value("EMPTY", "");
	assert_null(get("LCX"));
	assert_null(get("lang"));
	assert_null(get("ABSENT"));
	assert_int_equal(env.n_passed, 5);
	assert_passed("LC_TIME");
	assert_passed("PATH");
	assert_false(listed(env.set, env.n_set, "PATH"));
	assert_int_equal(env.n_dropped, 2);
}

static void home_and_tmpdir_are_the_sandbox_s(void **state)
{
	char *host[] = { "HOME=/root", "TMPDIR=/var/tmp", NULL };

	(void)state;
	rule(RULE_ENV_ALLOW, "HOME");
	rule(RULE_ENV_ALLOW, "*");
	build(host);
	assert_value("HOME", "/home/u");
	assert_value("TMPDIR", "/tmp");
	assert_int_equal(env.n_passed, 0);
}

static void policy_sets_and_the_last_wins(void **state)
{
	char *host[] = { "A=host", "HOME=/root", "PATH=/host", NULL };

	(void)state;
	rule(RULE_ENV_ALLOW, "A");
	rule(RULE_ENV_ALLOW, "PATH");
	rule(RULE_ENV_SET, "A=file");
	rule(RULE_ENV_SET, "HOME=/w");
	rule(RULE_ENV_SET, "TMPDIR=/w/t");
	rule(RULE_ENV_SET, "PATH=/w/bin");
	rule(RULE_ENV_SET, "A=line");
	rule(RULE_ENV_SET, "AB=other");
	rule(RULE_ENV_SET, "SANDTRACE=");
	build(host);
	assert_value("A", "line");
	assert_value("AB", "other");
	assert_value("HOME", "/w");
	assert_value("TMPDIR", "/w/t");
	assert_value("PATH", "/w/bin");
	assert_value("SANDTRACE", "");
	assert_int_equal(env.n_passed, 0);
	assert_int_equal(env.n_set, 6);
	assert_set("A");
}

/* Strip wins over allow, even over the exact name; never over set. */
static void strip_wins_over_allow_not_over_set(void **state)
{
	char *host[] = { "DATABASE_URL=host", "my_Zebra_x=1", "ZEBRA=2", "OK=3", NULL };

	(void)state;
	rule(RULE_ENV_ALLOW, "*");
	rule(RULE_ENV_ALLOW, "ZEBRA");
	rule(RULE_ENV_STRIP, "zebra");
	rule(RULE_ENV_STRIP, "DATABASE_URL");
	rule(RULE_ENV_STRIP, "");
	rule(RULE_ENV_SET, "DATABASE_URL=sqlite:ws.db");
	build(host);
	assert_value("DATABASE_URL", "sqlite:ws.db");
	assert_null(get("ZEBRA"));
	assert_null(get("my_Zebra_x"));
	assert_value("OK", "3");
	assert_int_equal(env.n_stripped, 3);
	assert_string_equal(env.stripped[0], "DATABASE_URL");
	assert_string_equal(env.stripped[1], "ZEBRA");
	assert_string_equal(env.stripped[2], "my_Zebra_x");
	assert_set("DATABASE_URL");
}

static void strip_takes_path_and_marker_too(void **state)
{
	char *host[] = { "PATH=/host", NULL };

	(void)state;
	rule(RULE_ENV_ALLOW, "PATH");
	rule(RULE_ENV_STRIP, "PATH");
	rule(RULE_ENV_STRIP, "SANDTRACE");
	build(host);
	assert_stripped("PATH");
	assert_value("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	assert_null(get("SANDTRACE"));
}

/* The patterns of the hardening page: recorded and withheld even where the policy only says allow = ["*"]. */
static void secrets_never_pass_a_wildcard(void **state)
{
	static const char *const pattern[] = { "SECRET", "TOKEN", "PASSWORD", "OPENAI", "ANTHROPIC", "GEMINI", "CLERK",
					       "STRIPE", "REDIS", "BLOB", "DATABASE_URL", "DIRECT_URL" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pattern); i++) {
		char text[64], name[32];
		char *host[] = { text, NULL };

		snprintf(name, sizeof(name), "X_%s_Y", pattern[i]);
		snprintf(text, sizeof(text), "%s=geheim", name);
		for (int star = 0; star < 2; star++) {
			policy.n_rules = 0;
			if (star)
				rule(RULE_ENV_ALLOW, "*");
			build(host);
			assert_null(get(name));
			assert_stripped(name);
			for (char **e = env.envp; *e; e++)
				assert_null(strstr(*e, "geheim"));
			environ__done(&env);
		}
		policy.n_rules = 0;
		rule(RULE_ENV_ALLOW, name);
		build(host);
		assert_value(name, "geheim");
		assert_int_equal(env.n_stripped, 0);
		environ__done(&env);
	}
}

static void loaders_and_doors_only_by_name(void **state)
{
	static const char *const name[] = { "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "NODE_OPTIONS",
					    "PYTHONPATH", "PERL5OPT", "GIT_SSH_COMMAND", "SSH_AUTH_SOCK", "GLIBC_TUNABLES",
					    "BASH_FUNC_ls%%", "DOCKER_HOST", "npm_config_node_options", "bad name", "\xff" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(name); i++) {
		char text[64];
		char *host[] = { text, NULL };

		snprintf(text, sizeof(text), "%s=x", name[i]);
		policy.n_rules = 0;
		rule(RULE_ENV_ALLOW, "*");
		rule(RULE_ENV_ALLOW, "LD_*");
		build(host);
		assert_null(get(name[i]));
		assert_int_equal(env.n_dropped, 1);
		environ__done(&env);
		rule(RULE_ENV_ALLOW, name[i]);
		build(host);
		assert_value(name[i], "x");
		environ__done(&env);
	}
}

static void malformed_and_double_entries(void **state)
{
	char *host[] = { "=noname", "NOEQUALS", "", "A=1", "A=2", "A", "=", "S_TOKEN=1", "S_TOKEN=2", "B=", NULL };

	(void)state;
	rule(RULE_ENV_ALLOW, "A");
	rule(RULE_ENV_ALLOW, "NOEQUALS");
	rule(RULE_ENV_ALLOW, "");
	rule(RULE_ENV_ALLOW, "*");
	build(host);
	assert_value("A", "1");
	assert_value("B", "");
	for (char **e = env.envp; *e; e++)
		assert_non_null(strchr(*e, '='));
	assert_int_equal(env.n_passed, 2);
	assert_int_equal(env.n_stripped, 1);
	assert_int_equal(env.n_dropped, 7);
}

/* As many as execve takes, twice: the work grows with their number, not with its square. */
static void two_megabytes(void **state)
{
	const size_t n = 400000;
	char **host = calloc(n + 2, sizeof(char *));
	char *big = malloc(2u << 20);

	(void)state;
	assert_non_null(host);
	assert_non_null(big);
	for (size_t i = 0; i < n; i++) {
		host[i] = malloc(16);
		snprintf(host[i], 16, "V%zu=", i / 2);
	}
	memset(big, 'x', (2u << 20) - 1);
	big[(2u << 20) - 1] = 0;
	memcpy(big, "BIG=", 4);
	host[n] = big;
	rule(RULE_ENV_ALLOW, "*");
	build(host);
	assert_int_equal(env.n_passed, n / 2 + 1);
	assert_int_equal(env.n_dropped, n / 2);
	assert_int_equal(strlen(get("BIG")), (2u << 20) - 5);
	for (size_t i = 0; i < n; i++)
		free(host[i]);
	free(host);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
		TEST(nothing_passes_unasked),
		TEST(no_home_is_tmp),
		TEST(allowed_names_pass),
		TEST(home_and_tmpdir_are_the_sandbox_s),
		TEST(policy_sets_and_the_last_wins),
		TEST(strip_wins_over_allow_not_over_set),
		TEST(strip_takes_path_and_marker_too),
		TEST(secrets_never_pass_a_wildcard),
		TEST(loaders_and_doors_only_by_name),
		TEST(malformed_and_double_entries),
		TEST(two_megabytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
