/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies from text to rules: every file in tests/policies/reject with its position and words, everything that is
 * accepted with the same meaning in all three formats, merging, printing, the shipped policies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/policy_internal.h"
#include "policy/policy_when.h"

#define CASES "tests/policies"

/* Files are those of the tests, below the invented directory /srv/cases. */
static int read_case(void *ctx, const char *file, size_t max, char **ret_text, size_t *ret_len)
{
	const char *root = ctx, prefix[] = "/srv/cases/";
	_cleanup_(free) char *path = NULL;
	_cleanup_(fclose) FILE *f = NULL;

	assert_int_equal(strncmp(file, prefix, strlen(prefix)), 0);
	assert_true(asprintf(&path, "%s/%s", root, file + strlen(prefix)) > 0);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	*ret_text = malloc(max);
	assert_non_null(*ret_text);
	*ret_len = fread(*ret_text, 1, max, f);
	return 0;
}

static struct policy_env env = { .home = "/home/u", .cwd = "/srv/cases", .read_file = read_case, .ctx = (void *)CASES };

/* Texts in memory for what extends what. */
struct text {
	const char *path, *text;
};

static int read_text(void *ctx, const char *file, size_t max, char **ret_text, size_t *ret_len)
{
	for (const struct text *t = ctx; t->path; t++) {
		if (strcmp(t->path, file))
			continue;
		*ret_len = strlen(t->text);
		assert_true(*ret_len <= max);
		*ret_text = strdup(t->text);
		return 0;
	}
	return -ENOENT;
}

static struct policy *load(const char *text)
{
	struct policy *p = policy__new();
	struct policy_error e;

	assert_non_null(p);
	if (policy__load_text(p, "t.toml", text, strlen(text), &env, &e))
		fail_msg("%s", e.text);
	return p;
}

static void finish(struct policy *p)
{
	struct policy_error e;

	assert_int_equal(policy__finish(p, &e), 0);
}

static const struct policy_rule *find(const struct policy *p, enum rule_kind kind, const char *value)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind == kind && !strcmp(p->rules[i].value, value))
			return &p->rules[i];
	return NULL;
}

static size_t count(const struct policy *p, enum rule_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_rules; i++)
		n += p->rules[i].kind == kind;
	return n;
}

static void assert_at(const struct policy *p, const struct policy_source *src, const char *where)
{
	char buf[200];

	(void)p;
	assert_string_equal(policy__where(src, buf, sizeof(buf)), where);
}

/* Does not load; what is said holds POSITION and WORD; the policy is as it was before. */
static bool refused(const char *file, const char *position, const char *word)
{
	struct policy *p = load("[filesystem]\nallow_read = [\"/before\"]\n[network]\nallow = [\"a:1\"]\n[limits]\npids = 7\n");
	char *before = policy__print(p), *after, at[500];
	struct policy_error e;
	bool ok = true;
	int err = policy__load(p, file, &env, &e);

	if (!strcmp(position, "0:0"))
		snprintf(at, sizeof(at), "%s: ", file);
	else
		snprintf(at, sizeof(at), "%s:%s: ", file, position);
	if (!err) {
		print_error("%s: loads\n", file);
		ok = false;
	} else if (strncmp(e.text, at, strlen(at)) || !strstr(e.text, word)) {
		print_error("%s: wanted %s...%s\n%*sfound  %s (%s)\n", file, at, word, (int)strlen(file) + 2, "", e.text, e.hint);
		ok = false;
	}
	after = policy__print(p);
	assert_string_equal(before, after);
	assert_null(p->name ? strstr(p->name, "reject") : NULL);
	free(before);
	free(after);
	policy__free(p);
	return ok;
}

static void every_mistake_is_named_with_its_place(void **state)
{
	_cleanup_(fclose) FILE *f = fopen(CASES "/reject/expected", "re");
	char line[400];
	size_t n = 0, bad = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *file = line, *position = strchr(line, '\t'), *word, path[420];

		if (line[0] == '#')
			continue;
		assert_non_null(position);
		*position++ = 0;
		word = strchr(position, '\t');
		assert_non_null(word);
		*word++ = 0;
		word[strcspn(word, "\n")] = 0;
		snprintf(path, sizeof(path), "reject/%s", file);
		bad += !refused(path, position, word);
		n++;
	}
	assert_true(n > 120);
	assert_int_equal(bad, 0);
}

static void the_formats_mean_the_same(void **state)
{
	static const char *const files[] = { "accept/all.toml", "accept/all.yaml", "accept/all.json" };
	char *first = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct policy *p = policy__new();
		struct policy_error e;
		char *text;

		if (policy__load(p, files[i], &env, &e))
			fail_msg("%s", e.text);
		finish(p);
		assert_string_equal(p->name, files[i]);
		text = policy__print(p);
		if (!first) {
			first = text;
		} else {
			assert_string_equal(first, text);
			free(text);
		}
		assert_non_null(find(p, RULE_ENV_SET, "QUOTED=a \"b\" \\ c\nd"));
		policy__free(p);
	}
	free(first);
}

static void values_are_normalised(void **state)
{
	struct policy *p = policy__new();
	const struct policy_rule *r;
	struct policy_error e;

	(void)state;
	assert_int_equal(policy__load(p, "accept/all.toml", &env, &e), 0);
	finish(p);
	assert_non_null(find(p, RULE_READ, "/etc/ssl/certs"));
	assert_non_null(find(p, RULE_READ, "/home/u/notes"));
	r = find(p, RULE_READ, "/srv/app/data");
	assert_non_null(r);
	assert_false(r->pattern);
	assert_string_equal(r->text, "data/**");
	assert_at(p, &r->src, "accept/all.toml:7:64");
	r = find(p, RULE_READ, "/opt/python3.1[0-9]");
	assert_true(r && r->pattern);
	assert_true(find(p, RULE_READ, "/var/lib/*/x")->pattern);
	r = find(p, RULE_WRITE, "/srv/[x]");
	assert_true(r && !r->pattern);
	assert_non_null(find(p, RULE_WRITE, "/srv/app/out"));
	assert_non_null(find(p, RULE_EXEC, "/usr/bin"));
	assert_int_equal(p->exec, EXEC_LISTED);
	assert_at(p, &p->exec_src, "accept/all.toml:9:14");
	assert_true(find(p, RULE_DENY, "/**/.env")->pattern);
	assert_true(find(p, RULE_DENY_WRITE, "/**/.git")->pattern);
	assert_false(find(p, RULE_DENY_WRITE, "/srv/app/out/keep")->pattern);
	assert_non_null(find(p, RULE_DENY_WRITE, "/"));
	assert_non_null(find(p, RULE_DENY_EXEC, "/tmp"));
	assert_true(find(p, RULE_DENY_EXEC, "/srv/app/out/*.so")->pattern);
	assert_at(p, &p->overlay_src, "accept/all.toml:14:11");
	assert_at(p, &p->protect_src, "accept/all.toml:15:19");
	assert_at(p, &p->synth_src, "accept/all.toml:13:13");
	assert_null(p->unix_src.name);
	assert_non_null(find(p, RULE_NET, "example.com:443"));
	assert_non_null(find(p, RULE_NET, "[fd00::]/8:*"));
	assert_non_null(find(p, RULE_NET, "10.0.0.0/8:8000-8080"));
	assert_non_null(find(p, RULE_ENV_STRIP, "INTERNAL"));
	assert_true(find(p, RULE_ENV_ALLOW, "LC_*")->pattern);
	r = find(p, RULE_ENV_SET, "MODE=test");
	assert_non_null(r);
	assert_string_equal(r->text, "MODE");
	assert_true(p->synth_identity && p->synth_hosts && p->overlay && p->protect_project);
	assert_int_equal(p->seccomp, SECCOMP_PROFILE_STRICT);
	assert_true(p->timeout_ns.value == 60 * NSEC_PER_SEC && p->memory.value == 512ULL << 20 && p->pids.value == 64);
	assert_true(p->cpus_milli.value == 1500 && p->max_file_size.value == 1ULL << 30 && p->output.value == POLICY_UNLIMITED);
	assert_true(p->tmpfs_size.value == 64ULL << 20 && p->open_files.value == 256);
	assert_at(p, &p->pids.src, "accept/all.toml:31:17");
	policy__free(p);
}

/* Which rule a path falls under, by its text. */
static void a_rule_covers_what_is_below_it(void **state)
{
	static const struct {
		const char *rule, *path;
		bool covers;
	} cases[] = {
		{ "/a/b", "/a/b", true },	{ "/a/b", "/a/b/c", true },	  { "/a/b", "/a", false },
		{ "/a/b", "/a/bc", false },	{ "/", "/anything", true },	  { "/a/*", "/a/x/y", true },
		{ "/a/*", "/a", false },	{ "/a/*/c", "/a/b/c/d", true },	  { "/a/*/c", "/a/b/d", false },
		{ "**/.git", "/x/y/.git/z", true }, { "**/.git", "/x/y/git", false }, { "/a/**/c", "/a/c", true },
		{ "/a/**/c", "/a/b/b/c/x", true }, { "/a/**/c", "/b/c", false }, { "/a/[*]", "/a/*", true },
		{ "/a/[*]", "/a/x", false },	{ "/a/*", "/a/.hidden", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (enum rule_kind kind = RULE_DENY_WRITE; kind <= RULE_DENY_EXEC; kind++) {
			struct policy *p = policy__new();
			struct policy_error e;

			assert_int_equal(policy__add(p, kind, "--x", cases[i].rule, &env, &e), 0);
			if (policy_rule__covers(&p->rules[0], cases[i].path) != cases[i].covers)
				fail_msg("%s and %s", cases[i].rule, cases[i].path);
			policy__free(p);
		}
	}
	assert_true(rule_kind__is_path(RULE_DENY_EXEC) && !rule_kind__is_path(RULE_NET));
	assert_true(rule_kind__denies_path(RULE_DENY));
	assert_false(rule_kind__denies_path(RULE_EXEC) || rule_kind__denies_path(RULE_NET));
	for (enum rule_kind kind = 0; kind < RULE_KIND_MAX; kind++)
		assert_non_null(rule_kind__key(kind));
}

static void what_is_right_is_accepted(void **state)
{
	static const char *const files[] = {
		"empty.toml", "empty.yaml", "empty.json", "bom.toml", "everything.toml", "deepest.json",
		"quoted_keys.toml", "flow.yaml", "multi_line.toml",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct policy *p = policy__new();
		struct policy_error e;
		char path[100];

		snprintf(path, sizeof(path), "accept/%s", files[i]);
		if (policy__load(p, path, &env, &e))
			fail_msg("%s", e.text);
		finish(p);
		if (!strcmp(files[i], "everything.toml")) {
			assert_int_equal(p->exec, EXEC_ANY);
			assert_int_equal(count(p, RULE_EXEC), 0);
			assert_non_null(find(p, RULE_READ, "/"));
			assert_non_null(find(p, RULE_WRITE, "/"));
			assert_true(p->net_all);
		} else {
			/* flow.yaml has an empty allow_exec: the command and nothing more, as without the key */
			assert_int_equal(p->exec, EXEC_COMMAND);
		}
		policy__free(p);
	}
}

/* In both formats the same, whatever the order; printed, it loads to the same. */
static void rules_have_actions_and_conditions(void **state)
{
	static const char *const files[] = { "accept/conditions.toml", "accept/conditions.yaml" };
	char *texts[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct policy *p = policy__new();
		const struct policy_rule *r;
		struct policy_error e;

		if (policy__load(p, files[i], &env, &e))
			fail_msg("%s", e.text);
		finish(p);
		assert_int_equal(count(p, RULE_DENY), 4); /* two of one path */
		r = find(p, RULE_DENY, "/etc/shadow");
		assert_int_equal(r->action, RULE_ACTION_KILL);
		assert_string_equal(r->when->text, "{ uid = [0, 1000], not_binary = [\"/usr/bin/passwd\", \"/usr/bin/su\"] }");
		assert_int_equal(r[1].action, RULE_ACTION_AUDIT);
		assert_null(r[1].when);
		assert_string_equal(find(p, RULE_READ, "/srv")->when->text,
				    "{ mount_namespace = [\"host\"], user_namespace = [\"host\", \"other\"] }");
		assert_null(find(p, RULE_NET, "192.0.2.1:80")->when);
		assert_non_null(find(p, RULE_NET, "192.0.2.2:443")->when);
		assert_int_equal(count(p, RULE_SYSCALL_DENY), 2);
		assert_int_equal(p->n_whens, 5);
		texts[i] = policy__print(p);
		policy__free(p);
	}
	assert_string_equal(texts[0], texts[1]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct policy *p = load(texts[i]);
		char *again;

		finish(p);
		again = policy__print(p);
		assert_string_equal(again, texts[i]);
		free(again);
		policy__free(p);
	}
	free(texts[0]);
	free(texts[1]);
}

/* What is not loaded leaves no condition, not even one that was read before the mistake; those from before stay where they are. */
static void a_mistake_takes_its_conditions_along(void **state)
{
	static const char good[] = "[filesystem]\ndeny = [{ path = '/kept', when = { uid = [1] } }]\n";
	static const char broken[] = "[filesystem]\ndeny = [{ path = '/a', when = { uid = [1] } },\n"
				     "{ path = '/b', when = { uid = [2] } }, { path = '/c', when = { uid = [3] } },\n"
				     "{ path = '/d', when = { uid = [4] }, action = 'no' }]\n";
	struct policy *p = policy__new();
	struct policy_error e;

	(void)state;
	assert_non_null(p);
	assert_int_equal(policy__load_text(p, "broken.toml", broken, strlen(broken), &env, &e), -EINVAL);
	assert_int_equal(p->n_whens, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(policy__load_text(p, "good.toml", good, strlen(good), &env, &e), 0);
		assert_int_equal(policy__load_text(p, "broken.toml", broken, strlen(broken), &env, &e), -EINVAL);
		assert_int_equal(p->n_whens, 1);
		assert_int_equal(p->n_rules, i + 1);
		assert_ptr_equal(p->rules[i].when, p->whens[0]);
		assert_string_equal(p->whens[0]->text, "{ uid = [1] }");
	}
	policy__free(p);
}

static void nobody_set_it_so_it_is_the_default(void **state)
{
	struct policy *p = load("");

	(void)state;
	finish(p);
	assert_true(p->timeout_ns.value == 30 * NSEC_PER_SEC && p->memory.value == 4ULL << 30 && p->pids.value == 1024);
	assert_true(p->tmpfs_size.value == 512ULL << 20 && p->output.value == POLICY_UNLIMITED);
	assert_true(p->cpus_milli.value == POLICY_UNLIMITED && p->max_file_size.value == POLICY_UNLIMITED);
	assert_null(p->timeout_ns.src.name);
	assert_at(p, &p->timeout_ns.src, "default");
	assert_int_equal(p->n_rules, 0);
	policy__free(p);
}

static const struct text extended[] = {
	{ "/srv/cases/a.toml", "extends = [\"./lib/b.toml\", \"lib/c.toml\", \"secrets\"]\n[filesystem]\nallow_read = [\"/a\"]\n"
			       "[limits]\npids = 3\n" },
	{ "/srv/cases/lib/b.toml", "extends = \"d.toml\"\n[filesystem]\nallow_read = [\"/b\"]\n[limits]\npids = 2\nopen_files = 99\n" },
	{ "/srv/cases/lib/c.toml", "extends = \"../lib/d.toml\"\n[filesystem]\nrelative_to = \"policy\"\nallow_read = [\"c\"]\n" },
	{ "/srv/cases/lib/d.toml", "[filesystem]\nallow_read = [\"/d\"]\nsynthetic = [\"hosts\"]\n[limits]\npids = 1\nopen_files = 50\n"
				   "[network]\nallow = [\"d:1\"]\n" },
	{ "/srv/cases/off.toml", "extends = \"lib/d.toml\"\n[network]\nallow = false\n[filesystem]\nsynthetic = []\n" },
	{ "/srv/cases/on.toml", "extends = \"off.toml\"\n[network]\nallow = true\n" },
	{ "/srv/cases/list.toml", "extends = \"on.toml\"\n[network]\nallow = [\"l:1\"]\n" },
	{ "/srv/cases/loop.toml", "extends = \"lib/loop.yaml\"\n" },
	{ "/srv/cases/lib/loop.yaml", "extends: ../loop.toml\n" },
	{ "/srv/cases/bad.toml", "\nextends = \"lib/bad.yaml\"\n" },
	{ "/srv/cases/lib/bad.yaml", "network:\n  alow: true\n" },
	{ "/srv/cases/1.toml", "extends = \"2.toml\"\n" }, { "/srv/cases/2.toml", "extends = \"3.toml\"\n" },
	{ "/srv/cases/3.toml", "extends = \"4.toml\"\n" }, { "/srv/cases/4.toml", "extends = \"5.toml\"\n" },
	{ "/srv/cases/5.toml", "extends = \"6.toml\"\n" }, { "/srv/cases/6.toml", "extends = \"7.toml\"\n" },
	{ "/srv/cases/7.toml", "extends = \"8.toml\"\n" }, { "/srv/cases/8.toml", "extends = \"9.toml\"\n" },
	{ "/srv/cases/9.toml", "extends = \"10.toml\"\n" }, { "/srv/cases/10.toml", "" },
	{ NULL, NULL },
};
static struct policy_env texts = { .home = "/home/u", .cwd = "/srv/cases", .read_file = read_text, .ctx = (void *)extended };

static struct policy *load_file(const char *file)
{
	struct policy *p = policy__new();
	struct policy_error e;

	if (policy__load(p, file, &texts, &e))
		fail_msg("%s", e.text);
	return p;
}

static void what_is_extended_comes_first(void **state)
{
	struct policy *p = load_file("a.toml");

	(void)state;
	assert_string_equal(p->rules[0].value, "/d");
	assert_int_equal(count(p, RULE_READ), 4);
	assert_at(p, &find(p, RULE_READ, "/a")->src, "a.toml:3:15");
	assert_at(p, &find(p, RULE_READ, "/b")->src, "/srv/cases/lib/b.toml:3:15");
	assert_at(p, &find(p, RULE_READ, "/srv/cases/lib/c")->src, "/srv/cases/lib/c.toml:4:15");
	/* d is read once, before b: reading it again for c would undo what b says */
	assert_int_equal(p->pids.value, 3);
	assert_int_equal(p->open_files.value, 99);
	assert_true(p->synth_hosts);
	assert_at(p, &find(p, RULE_ENV_STRIP, "TOKEN")->src, "built-in secrets:10:12");
	policy__free(p);
}

static void the_network_is_what_was_said_last(void **state)
{
	struct policy *p = load_file("off.toml");

	(void)state;
	assert_false(p->net_all || p->synth_hosts);
	assert_int_equal(count(p, RULE_NET), 0);
	policy__free(p);
	p = load_file("on.toml");
	assert_true(p->net_all);
	policy__free(p);
	p = load_file("list.toml");
	assert_false(p->net_all);
	assert_int_equal(count(p, RULE_NET), 1);
	assert_non_null(find(p, RULE_NET, "l:1"));
	policy__free(p);
}

static void expect_error(const char *file, const char *text)
{
	struct policy *p = policy__new();
	struct policy_error e;

	assert_true(policy__load(p, file, &texts, &e) < 0);
	if (!strstr(e.text, text))
		fail_msg("%s: found %s", file, e.text);
	assert_int_equal(p->n_rules, 0);
	assert_int_equal(p->n_names, 0);
	assert_null(p->name);
	policy__free(p);
}

static void extending_ends(void **state)
{
	struct policy *p = load_file("2.toml");

	(void)state;
	policy__free(p);
	expect_error("1.toml", "/srv/cases/9.toml:1:11: extends: more than 8 policies deep");
	expect_error("loop.toml", "/srv/cases/lib/loop.yaml:1:10: extends: '/srv/cases/loop.toml' extends itself");
	expect_error("bad.toml", "/srv/cases/lib/bad.yaml:2:3: unknown key 'alow'");
	expect_error("no.toml", "no.toml: No such file");
	expect_error("defualt", "'defualt' is no built-in policy");
}

static void later_files_add_and_replace(void **state)
{
	struct policy *p = load("[filesystem]\nallow_read = [\"/x\", \"/y\"]\n[limits]\nmemory = \"1G\"\npids = 5\n"
				"[env]\nset = { A = \"1\", B = \"1\" }\n");
	const char more[] = "filesystem: {allow_read: [/y/, /z]}\nlimits: {memory: 2G}\nenv: {set: {A: '2'}}\n";
	struct policy_error e;

	(void)state;
	assert_int_equal(policy__load_text(p, "more.yaml", more, strlen(more), &env, &e), 0);
	finish(p);
	assert_int_equal(count(p, RULE_READ), 3);
	assert_at(p, &find(p, RULE_READ, "/y")->src, "t.toml:2:21");
	assert_int_equal(p->memory.value, 2ULL << 30);
	assert_int_equal(p->pids.value, 5);
	assert_int_equal(count(p, RULE_ENV_SET), 2);
	assert_non_null(find(p, RULE_ENV_SET, "A=2"));
	assert_at(p, &p->memory.src, "more.yaml:2:18");
	policy__free(p);
}

static void add(struct policy *p, enum rule_kind kind, const char *option, const char *value)
{
	struct policy_error e;

	if (policy__add(p, kind, option, value, &env, &e))
		fail_msg("%s", e.text);
}

static void options_are_rules(void **state)
{
	struct policy *p = load("");
	struct policy_error e;
	const struct policy_rule *r;

	(void)state;
	add(p, RULE_READ, "--read", "sub/../x");
	add(p, RULE_WRITE, "--allow-path", ".");
	add(p, RULE_ENV_SET, "--env", "SECRET_THING=hunter2");
	add(p, RULE_ENV_ALLOW, "--env", "EDITOR");
	add(p, RULE_NET, "--net", "example.com:443");
	assert_int_equal(p->exec, EXEC_COMMAND);
	add(p, RULE_EXEC, "--exec", "/usr/bin/make");
	assert_int_equal(p->exec, EXEC_LISTED);
	policy__set_u64(p, &p->pids, 9, "--pids");
	finish(p);
	r = find(p, RULE_READ, "/srv/cases/x");
	assert_non_null(r);
	assert_at(p, &r->src, "--read sub/../x");
	assert_non_null(find(p, RULE_WRITE, "/srv/cases"));
	r = find(p, RULE_ENV_SET, "SECRET_THING=hunter2");
	assert_string_equal(r->text, "SECRET_THING");
	assert_at(p, &r->src, "--env SECRET_THING");
	assert_at(p, &p->pids.src, "--pids");
	assert_false(p->net_all);
	add(p, RULE_NET, "--allow-net", NULL);
	add(p, RULE_EXEC, "--allow-exec", NULL);
	assert_true(p->net_all && p->exec == EXEC_ANY);
	assert_int_equal(count(p, RULE_NET), 0);
	assert_at(p, &p->exec_src, "--allow-exec");
	assert_int_equal(policy__add(p, RULE_READ, "--read", "", &env, &e), -EINVAL);
	assert_string_equal(e.text, "--read: an empty path");
	assert_int_equal(policy__add(p, RULE_READ, "--read", "/\xff", &env, &e), -EINVAL);
	assert_int_equal(policy__add(p, RULE_WRITE, "--write", "/x/*", &env, &e), -EINVAL);
	assert_int_equal(policy__add(p, RULE_READ, "--read", NULL, &env, &e), -EINVAL);
	assert_int_equal(policy__add(p, RULE_ENV_SET, "--env", "A", &env, &e), -EINVAL);
	policy__set_u64(p, &p->memory, 5, "--memory");
	assert_int_equal(policy__finish(p, &e), -EINVAL);
	assert_string_equal(e.text, "--memory: must be from 1M to 1P bytes");
	policy__free(p);
}

static void a_place_is_never_cut_off(void **state)
{
	struct policy_source src = { "a/very/long/name/of/a/policy.toml", 12, 3 };
	char buf[24];

	(void)state;
	assert_string_equal(policy__where(&src, buf, sizeof(buf)), "...f/a/policy.toml:12:3");
	src.line = 0;
	assert_string_equal(policy__where(&src, buf, sizeof(buf)), "...ame/of/a/policy.toml");
	src.name = "x.toml";
	assert_string_equal(policy__where(&src, buf, sizeof(buf)), "x.toml");
	src.name = NULL;
	assert_string_equal(policy__where(&src, buf, sizeof(buf)), "default");
}

/* Directories that are named like patterns: where the user is, not what the user wrote. */
static void a_directory_may_be_named_like_a_pattern(void **state)
{
	struct policy_env odd = { .home = "/home/[u]*", .cwd = "/srv/a[b", .read_file = read_case };
	struct policy *p = policy__new(), *q;
	struct policy_error e;
	char *text, *again;

	(void)state;
	assert_int_equal(policy__add(p, RULE_WRITE, "--write", "./x", &odd, &e), 0);
	assert_int_equal(policy__add(p, RULE_READ, "--read", "~/*.c", &odd, &e), 0);
	finish(p);
	assert_false(find(p, RULE_WRITE, "/srv/a[b/x")->pattern);
	assert_true(find(p, RULE_READ, "/home/[[]u][*]/*.c")->pattern);
	text = policy__print(p);
	q = load(text);
	finish(q);
	assert_non_null(find(q, RULE_WRITE, "/srv/a[b/x"));
	again = policy__print(q);
	assert_string_equal(text, again);
	free(text);
	free(again);
	policy__free(p);
	policy__free(q);
	p = policy__new();
	odd.home = NULL;
	assert_int_equal(policy__add(p, RULE_READ, "--read", "~/x", &odd, &e), -EINVAL);
	assert_non_null(strstr(e.text, "no home directory"));
	policy__free(p);
}

static void same_tree(const char *policy, const struct node *a, const struct node *b)
{
	for (; a && b; a = a->next, b = b->next) {
		if (a->type != b->type || a->line != b->line || a->column != b->column || a->key_line != b->key_line ||
		    a->key_column != b->key_column || !a->key != !b->key || (a->key && strcmp(a->key, b->key)))
			fail_msg("%s:%u:%u: packed in another way", policy, a->line, a->column);
		if (a->type == NODE_TABLE || a->type == NODE_LIST)
			same_tree(policy, a->child, b->child);
		else if (a->type == NODE_STRING)
			assert_string_equal(a->string, b->string);
		else if (a->type == NODE_INT)
			assert_int_equal(a->integer, b->integer);
		else if (a->type == NODE_BOOL)
			assert_int_equal(a->boolean, b->boolean);
		else
			fail_msg("%s:%u:%u: a type that cannot be packed", policy, a->line, a->column);
	}
	if (a || b)
		fail_msg("%s: a part is missing", policy);
}

/* The trees that are built in are what reading the text that is shown would give, places for messages included. */
static void shipped_trees_are_their_texts(void **state)
{
	(void)state;
	for (const char *const *name = policy_builtin_names; *name; name++) {
		struct tree_error e;
		struct node *packed, *read;
		size_t len;
		const char *text = policy__builtin_text(*name, &len);

		assert_int_equal(policy__builtin_tree(*name, &packed, &e), 0);
		assert_int_equal(tree__parse(TREE_TOML, text, len, &read, &e), 0);
		same_tree(*name, read, packed);
		tree__free(packed);
		tree__free(read);
	}
}

static void every_shipped_policy_loads_and_prints(void **state)
{
	static const char *const stripped[] = {
		"SECRET", "TOKEN", "PASSWORD", "OPENAI", "ANTHROPIC", "GEMINI", "CLERK", "STRIPE", "REDIS", "BLOB",
		"DATABASE_URL", "DIRECT_URL",
	};
	size_t n = 0;

	(void)state;
	for (const char *const *name = policy_builtin_names; *name; name++, n++) {
		struct policy *p = load_file(*name), *q;
		struct policy_error e;
		char *text, *again;

		finish(p);
		for (size_t i = 0; i < ARRAY_SIZE(stripped); i++)
			if (!find(p, RULE_ENV_STRIP, stripped[i]))
				fail_msg("%s does not strip %s", *name, stripped[i]);
		for (size_t i = 0; i < p->n_rules; i++)
			for (size_t j = 0; j < p->n_rules && p->rules[i].kind == RULE_ENV_ALLOW; j++)
				if (p->rules[j].kind == RULE_ENV_STRIP && strstr(p->rules[i].value, p->rules[j].value))
					fail_msg("%s allows %s and strips it", *name, p->rules[i].value);
		assert_int_equal(p->seccomp, strcmp(*name, "strict") ? SECCOMP_PROFILE_DEFAULT : SECCOMP_PROFILE_STRICT);
		text = policy__print(p);
		q = policy__new();
		assert_int_equal(policy__load_text(q, "printed", text, strlen(text), &texts, &e), 0);
		finish(q);
		again = policy__print(q);
		assert_string_equal(text, again);
		assert_int_equal(p->n_rules, q->n_rules);
		free(text);
		free(again);
		policy__free(p);
		policy__free(q);
	}
	assert_true(n >= 9);
}

static void strict_shows_no_user(void **state)
{
	struct policy *p = load_file("strict");

	(void)state;
	finish(p);
	assert_false(p->synth_identity || p->synth_hosts || p->net_all);
	assert_null(find(p, RULE_READ, "/etc"));
	assert_null(find(p, RULE_READ, "/"));
	assert_non_null(find(p, RULE_DENY, "/etc/passwd"));
	assert_int_equal(count(p, RULE_WRITE), 0);
	assert_int_equal(p->exec, EXEC_LISTED);
	policy__free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_is_named_with_its_place),
		cmocka_unit_test(the_formats_mean_the_same),
		cmocka_unit_test(values_are_normalised),
		cmocka_unit_test(a_rule_covers_what_is_below_it),
		cmocka_unit_test(what_is_right_is_accepted),
		cmocka_unit_test(rules_have_actions_and_conditions),
		cmocka_unit_test(a_mistake_takes_its_conditions_along),
		cmocka_unit_test(nobody_set_it_so_it_is_the_default),
		cmocka_unit_test(what_is_extended_comes_first),
		cmocka_unit_test(the_network_is_what_was_said_last),
		cmocka_unit_test(extending_ends),
		cmocka_unit_test(later_files_add_and_replace),
		cmocka_unit_test(options_are_rules),
		cmocka_unit_test(a_place_is_never_cut_off),
		cmocka_unit_test(a_directory_may_be_named_like_a_pattern),
		cmocka_unit_test(shipped_trees_are_their_texts),
		cmocka_unit_test(every_shipped_policy_loads_and_prints),
		cmocka_unit_test(strict_shows_no_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
