/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy for what runs already: which rows it comes to, what is left over and why, what the maps cannot hold. Network rows
 * are held against network__match(), looked up as the kernel's trie does it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/live.h"
#include "sandbox/network_rule.h"

static const struct live_layers everything = { .lsm = true, .lsm_io_uring = true, .cgroup_net = true };
static const struct policy_env env = { .home = "/home/u", .cwd = "/srv" };

static struct policy *load(const char *text)
{
	struct policy *p = policy__new();
	struct policy_error e;

	assert_non_null(p);
	if (policy__load_text(p, "t.toml", text, strlen(text), &env, &e) || policy__finish(p, &e))
		fail_msg("%s", e.text);
	return p;
}

/*
 * What there is: a path is itself, but for what begins with /gone, of which the directory is not there either, and /new, which
 * is not there yet; a pattern is two; /bad and /huge cannot be held.
 */
static int expand(void *ctx, const struct policy_rule *rule, live_add_fn add, void *to, char *why, size_t size)
{
	struct live_name name;
	char path[4200];
	int err;

	(*(unsigned int *)ctx)++;
	if (!strncmp(rule->value, "/gone", 5))
		return 0;
	if (!strncmp(rule->value, "/bad", 4)) {
		snprintf(why, size, "a link that was planted");
		return -ELOOP;
	}
	if (!strncmp(rule->value, "/huge", 5)) {
		for (unsigned int i = 0; i < 2049; i++) {
			snprintf(path, sizeof(path), "/huge/%u", i);
			err = add(to, LIVE_IS, path);
			if (err)
				return err;
		}
		return 0;
	}
	if (!rule->pattern) {
		err = strncmp(rule->value, "/new", 4) ? add(to, LIVE_IS, rule->value) : 0;
		return err ? err : add(to, LIVE_NAMED, rule->value);
	}
	if (!live_pattern__split(rule->value, path, sizeof(path), &name)) {
		err = add(to, LIVE_BASE, path);
		if (err)
			return err;
	}
	for (const char *c = "ab"; *c; c++) {
		snprintf(path, sizeof(path), "/pattern/%c", *c);
		err = add(to, LIVE_IS, path);
		if (err)
			return err;
	}
	return 0;
}

/* Programs but /gone... are there, those that end with "same" one; of control groups those with a number. */
static int program(void *ctx, const char *path, char ret[4096])
{
	(void)ctx;
	snprintf(ret, 4096, "%s", path);
	return strncmp(path, "/gone", 5) ? 0 : -ENOENT;
}

static int group(void *ctx, const char *path, uint64_t *ret_id)
{
	(void)ctx;
	*ret_id = strtoull(path + 1, NULL, 10);
	return *ret_id ? 0 : -ENOENT;
}

struct made {
	struct policy *p;
	struct live_policy l;
	struct policy_error e;
	unsigned int expanded;
	int err;
};

static struct made make_with(const char *text, const struct live_layers *layers, const struct net_plan *plan)
{
	struct made m = { .p = load(text) };

	struct live_world world = { .expand = expand, .file = program, .cgroup = group, .ctx = &m.expanded };

	m.err = live_policy__make(m.p, plan, layers, &world, &m.l, &m.e);
	return m;
}

static struct made make(const char *text)
{
	static const struct net_plan none = { .isolated = true };

	return make_with(text, &everything, &none);
}

static void done(struct made *m)
{
	live_policy__done(&m->l);
	policy__free(m->p);
}

/* Each path an inode of its own: 101, 102, ...; but what ends with "same" is 100. */
static struct live_rows rows_of(const struct live_policy *l)
{
	uint64_t inodes[4200];
	struct live_rows r;
	struct policy_error e;

	assert_true(l->n_paths < ARRAY_SIZE(inodes));
	for (size_t i = 0; i < l->n_paths; i++) {
		size_t len = strlen(l->paths[i]);

		inodes[i] = len >= 4 && !strcmp(l->paths[i] + len - 4, "same") ? 100 : 101 + i;
	}
	if (live_rows__make(l, inodes, &r, &e))
		fail_msg("%s", e.text);
	return r;
}

static uint64_t inode_of(const struct live_policy *l, const char *path)
{
	for (size_t i = 0; i < l->n_paths; i++)
		if (!strcmp(l->paths[i], path))
			return strlen(path) >= 4 && !strcmp(path + strlen(path) - 4, "same") ? 100 : 101 + i;
	return 0;
}

/* "d:--1 a:2--" : the rules of a row, for reading, writing, executing. */
static const char *row_text(const struct guard_row *r)
{
	static char text[64];
	char *s = text;

	for (int which = 0; which < 2; which++) {
		s += sprintf(s, which ? " a:" : "d:");
		for (int a = 0; a < GUARD_ACCESS_MAX; a++) {
			uint16_t rule = 0;

			for (int i = GUARD_ENTRIES - 1; i >= 0; i--)
				if ((which ? r->e[i].allow : r->e[i].deny) & 1 << a)
					rule = r->e[i].rule;
			s += rule ? sprintf(s, "%u", rule) : sprintf(s, "-");
		}
	}
	return text;
}

static const char *row(const struct live_policy *l, const char *path)
{
	struct live_rows r = rows_of(l);
	const char *text = "none";

	for (size_t i = 0; i < r.n_inodes; i++)
		if (r.inodes[i].key.inode == inode_of(l, path) && r.inodes[i].row.e[0].rule)
			text = row_text(&r.inodes[i].row);
	live_rows__done(&r);
	return text;
}

/* As the kernel looks for NAME in DIR (NULL: anywhere), or below it. */
static const struct guard_row *named(const struct live_policy *l, const struct live_rows *r, const char *dir, uint32_t way,
				     bool below, const char *name)
{
	struct guard_name_key key = { .list = GUARD_LIST(0, way, (uint32_t)below), .base = dir ? inode_of(l, dir) : 0 };
	const struct live_name_row *v = way == GUARD_NAMES_EXACT ? r->names : r->affixes, *best = NULL;
	size_t n = way == GUARD_NAMES_EXACT ? r->n_names : r->n_affixes, len = strlen(name);

	for (size_t i = 0; i < len && i < GUARD_NAME_LEN; i++)
		key.name[i] = (uint8_t)(way == GUARD_NAMES_SUFFIX ? name[len - 1 - i] : name[i]);
	for (size_t i = 0; i < n; i++) {
		size_t bytes = way == GUARD_NAMES_EXACT ? GUARD_NAME_LEN : (v[i].key.prefixlen - GUARD_NAME_PREFIX) / 8;

		if (v[i].key.list == key.list && v[i].key.base == key.base && !memcmp(v[i].key.name, key.name, bytes) &&
		    (way == GUARD_NAMES_EXACT || bytes <= len) && (!best || best->key.prefixlen < v[i].key.prefixlen))
			best = &v[i];
	}
	return best ? &best->row : NULL;
}

static const char *name_text(const struct live_policy *l, const char *dir, uint32_t way, bool below, const char *name)
{
	struct live_rows r = rows_of(l);
	const struct guard_row *found = named(l, &r, dir, way, below, name);
	const char *text = found ? row_text(found) : "none";

	live_rows__done(&r);
	return text;
}

static uint32_t lists(const struct live_policy *l, const char *dir)
{
	struct live_rows r = rows_of(l);
	uint32_t names = 0;

	for (size_t i = 0; i < r.n_inodes; i++)
		if (r.inodes[i].key.inode == inode_of(l, dir))
			names = r.inodes[i].row.names;
	live_rows__done(&r);
	return names;
}

static const char *gap_text(const struct live_policy *l, const char *begin)
{
	for (size_t i = 0; i < l->n_gaps; i++)
		if (!strncmp(l->gaps[i].text, begin, strlen(begin)))
			return l->gaps[i].text + l->gaps[i].why;
	return "none";
}

static enum live_gap_kind gap_kind(const struct live_policy *l, const char *begin)
{
	for (size_t i = 0; i < l->n_gaps; i++)
		if (!strncmp(l->gaps[i].text, begin, strlen(begin)))
			return l->gaps[i].kind;
	fail_msg("no gap: %s", begin);
	return 0;
}

/* ---- files ------------------------------------------------------------------------------------------------- */

static void a_kind_is_closed_by_rules_of_that_kind(void **state)
{
	static const struct {
		const char *text;
		uint32_t closed, denies;
	} cases[] = {
		{ "", 0, 0 },
		{ "[filesystem]\ndeny = ['/a']\n", 0, 7 },
		{ "[filesystem]\ndeny_write = ['/a']\n", 0, 1 << GUARD_WRITE },
		{ "[filesystem]\ndeny_exec = ['/a']\n", 0, 1 << GUARD_EXEC },
		{ "[filesystem]\nallow_read = ['/a']\n", 1 << GUARD_READ, 0 },
		{ "[filesystem]\nallow_write = ['/a']\n", 1 << GUARD_WRITE, 0 },
		{ "[filesystem]\nallow_exec = ['/a']\n", 1 << GUARD_EXEC, 0 },
		{ "[filesystem]\nallow_exec = []\n", 0, 0 },
		{ "[filesystem]\nallow_exec = ['**']\n", 0, 0 },
		{ "[filesystem]\nallow_exec = ['/a', '**']\n", 0, 0 },
		{ "[filesystem]\nallow_write = []\n", 0, 0 },
		{ "[filesystem]\nallow_write = ['/gone']\n", 1 << GUARD_WRITE, 0 },
		{ "[filesystem]\ndeny = ['/gone']\n", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = make(cases[i].text);

		assert_int_equal(m.err, 0);
		if (m.l.head.closed != cases[i].closed || m.l.head.denies != cases[i].denies)
			fail_msg("%s: closed %u, denies %u", cases[i].text, m.l.head.closed, m.l.head.denies);
		for (int a = 0; a < GUARD_ACCESS_MAX; a++)
			assert_int_equal(!!m.l.head.closed_rule[a], cases[i].closed >> a & 1);
		done(&m);
	}
}

static void what_may_be_written_or_executed_may_be_read(void **state)
{
	struct made m = make("[filesystem]\nallow_read = ['/r']\nallow_write = ['/w']\nallow_exec = ['/x']\n");

	(void)state;
	assert_string_equal(row(&m.l, "/r"), "d:--- a:1--");
	assert_string_equal(row(&m.l, "/w"), "d:--- a:22-");
	assert_string_equal(row(&m.l, "/x"), "d:--- a:3-3");
	done(&m);
	/* where reading is not closed nobody asks */
	m = make("[filesystem]\nallow_write = ['/w']\nallow_exec = ['/x', '**']\n");
	assert_string_equal(row(&m.l, "/w"), "d:--- a:-1-");
	assert_string_equal(row(&m.l, "/x"), "none");
	assert_int_equal(m.l.n_gaps, 0);
	done(&m);
}

static void denials_are_of_their_accesses(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/d', '/both']\ndeny_write = ['/w', '/both', '/p/*']\n"
			     "deny_exec = ['/x', '/w', '/']\n");

	(void)state;
	assert_string_equal(row(&m.l, "/d"), "d:111 a:---");
	assert_string_equal(row(&m.l, "/both"), "d:222 a:---"); /* the first for each */
	assert_string_equal(row(&m.l, "/w"), "d:-37 a:---");
	assert_string_equal(row(&m.l, "/x"), "d:--6 a:---");
	assert_string_equal(row(&m.l, "/pattern/a"), "d:-5- a:---");
	assert_string_equal(row(&m.l, "/pattern/b"), "d:-5- a:---");
	assert_string_equal(row(&m.l, "/"), "d:--8 a:---");
	assert_int_equal(m.l.n_paths, 8); /* and /p, which the pattern begins with */
	assert_int_equal(m.l.n_rules, 9);
	for (unsigned int n = 1; n < 9; n++)
		assert_ptr_equal(m.l.rules[n], &m.p->rules[n - 1]);
	for (size_t i = 1; i < m.l.n_paths; i++)
		assert_true(strcmp(m.l.paths[i - 1], m.l.paths[i]) < 0);
	done(&m);
}

static void what_is_not_there_is_a_gap(void **state)
{
	struct made m = make("[filesystem]\nallow_write = ['/w', '/gone/x']\ndeny = ['**/.e?v', '/bad']\n"
			     "deny_exec = ['/gone']\n");
	const char *why = NULL;

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.l.n_gaps, 4);
	assert_string_equal(gap_text(&m.l, "filesystem.allow_write /gone/x"),
			    "not there now, nor the directory that it would be in");
	assert_int_equal(gap_kind(&m.l, "filesystem.allow_write /gone/x"), LIVE_GAP_ABSENT);
	assert_int_equal(gap_kind(&m.l, "filesystem.deny_exec /gone"), LIVE_GAP_ABSENT);
	assert_int_equal(gap_kind(&m.l, "filesystem.deny **/.e?v"), LIVE_GAP_PATH);
	assert_string_equal(gap_text(&m.l, "filesystem.deny /bad"), "a link that was planted");
	assert_int_equal(m.expanded, 4); /* nobody looks for what is everywhere */
	assert_string_equal(live_policy__layer(&m.l, &m.p->rules[0], &why), "lsm");
	assert_null(live_policy__layer(&m.l, &m.p->rules[1], &why));
	assert_non_null(strstr(why, "not there now"));
	assert_null(live_policy__layer(&m.l, &m.p->rules[2], &why));
	assert_non_null(strstr(why, "how a name begins or ends"));
	for (size_t i = 0; i < m.l.n_gaps; i++)
		assert_ptr_equal(m.l.gaps[i].src, &m.l.gaps[i].rule->src);
	done(&m);
}

static void a_long_path_leaves_room_for_the_reason(void **state)
{
	char text[600], path[300];
	struct made m;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	snprintf(text, sizeof(text), "[filesystem]\ndeny = ['/gone%s']\n", path);
	m = make(text);
	assert_int_equal(m.l.n_gaps, 1);
	assert_non_null(strstr(gap_text(&m.l, "filesystem.deny /gonexxx"), "not there now"));
	assert_non_null(strstr(m.l.gaps[0].text, "xx...: not"));
	done(&m);
}

/* ---- names ------------------------------------------------------------------------------------------------- */

static void patterns_are_taken_apart(void **state)
{
	static const struct {
		const char *value, *dir, *text; /* NULL: it cannot be */
		uint8_t way, depth;
		bool below, anywhere;
	} cases[] = {
		{ "/**/.env", "/", ".env", GUARD_NAMES_EXACT, 0, true, true },
		{ "/srv/**/.env", "/srv", ".env", GUARD_NAMES_EXACT, 0, true, false },
		{ "/srv/**/**/*.pem", "/srv", "mep.", GUARD_NAMES_SUFFIX, 0, true, false },
		{ "/srv/*.key", "/srv", "yek.", GUARD_NAMES_SUFFIX, 0, false, false },
		{ "/srv/id_*", "/srv", "id_", GUARD_NAMES_PREFIX, 0, false, false },
		{ "/srv/*", "/srv", "", GUARD_NAMES_PREFIX, 0, false, false },
		{ "/*", "/", "", GUARD_NAMES_PREFIX, 0, false, false },
		{ "/home/*/.ssh", "/home", ".ssh", GUARD_NAMES_EXACT, 2, true, false },
		{ "/home/*/*/x*", "/home", "x", GUARD_NAMES_PREFIX, 3, true, false },
		{ "/*/x", "/", "x", GUARD_NAMES_EXACT, 2, true, false },
		{ "/a[*]b/*[?]", "/a*b", "?", GUARD_NAMES_SUFFIX, 0, false, false },
		{ "/a/[[]*", "/a", "[", GUARD_NAMES_PREFIX, 0, false, false },
		{ "/a/*b*", NULL, NULL, 0, 0, false, false },
		{ "/a/b*c", NULL, NULL, 0, 0, false, false },
		{ "/a/b?", NULL, NULL, 0, 0, false, false },
		{ "/a/[ab]", NULL, NULL, 0, 0, false, false },
		{ "/a/**/*/b", NULL, NULL, 0, 0, false, false },
		{ "/a/*/b/c", NULL, NULL, 0, 0, false, false },
		{ "/a/b*/c", NULL, NULL, 0, 0, false, false },
		{ "/a/*0123456789012345678901234567890123456789012345678901234567890123", NULL, NULL, 0, 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct live_name n;
		char dir[64];
		const char *why = live_pattern__split(cases[i].value, dir, sizeof(dir), &n);

		if (!why != !!cases[i].dir)
			fail_msg("%s: %s", cases[i].value, why ? why : "taken");
		if (why)
			continue;
		if (strcmp(dir, cases[i].dir) || n.way != cases[i].way || n.below != cases[i].below || n.depth != cases[i].depth ||
		    n.anywhere != cases[i].anywhere || n.len != strlen(cases[i].text) || strcmp(n.text, cases[i].text))
			fail_msg("%s: %s %u %.64s", cases[i].value, dir, n.way, n.text);
	}
}

static void what_is_not_there_yet_is_held_by_its_name(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/new/secret']\nallow_read = ['/new/read', '/x/read']\nallow_write = ['/x/written']\n");

	(void)state;
	assert_int_equal(m.l.n_gaps, 0);
	assert_string_equal(row(&m.l, "/new/secret"), "none");
	assert_string_equal(name_text(&m.l, "/new", GUARD_NAMES_EXACT, false, "secret"), "d:111 a:---");
	assert_string_equal(name_text(&m.l, "/new", GUARD_NAMES_EXACT, false, "secret2"), "none");
	assert_string_equal(name_text(&m.l, "/new", GUARD_NAMES_EXACT, true, "secret"), "none");
	assert_string_equal(name_text(&m.l, "/new", GUARD_NAMES_EXACT, false, "read"), "d:--- a:2--");
	/* who may move files could put another one there */
	assert_string_equal(name_text(&m.l, "/x", GUARD_NAMES_EXACT, false, "read"), "none");
	assert_string_equal(name_text(&m.l, "/x", GUARD_NAMES_EXACT, false, "written"), "d:--- a:44-");
	assert_int_equal(lists(&m.l, "/new"), GUARD_NAMES_EXACT);
	done(&m);
}

static void names_below_a_directory_keep_it_in_reach(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/srv/**/.env', '**/*.pem', '/home/*/.ssh']\ndeny_exec = ['/srv/**/*.so']\n");

	(void)state;
	assert_int_equal(m.l.n_gaps, 0);
	assert_string_equal(name_text(&m.l, "/srv", GUARD_NAMES_EXACT, true, ".env"), "d:111 a:---");
	assert_string_equal(name_text(&m.l, "/srv", GUARD_NAMES_SUFFIX, true, "x.so"), "d:--4 a:---");
	assert_string_equal(name_text(&m.l, NULL, GUARD_NAMES_SUFFIX, true, "a.pem"), "d:222 a:---");
	assert_string_equal(name_text(&m.l, NULL, GUARD_NAMES_SUFFIX, true, ".pem"), "d:222 a:---");
	assert_string_equal(name_text(&m.l, NULL, GUARD_NAMES_SUFFIX, true, "pem"), "none");
	assert_int_equal(m.l.head.names, GUARD_NAMES_SUFFIX);
	assert_int_equal(m.l.head.denies, 7 | 1 << GUARD_LEAVE);
	assert_int_equal(lists(&m.l, "/srv"), (GUARD_NAMES_EXACT | GUARD_NAMES_SUFFIX) << GUARD_NAMES_BELOW);
	assert_int_equal(lists(&m.l, "/home"), GUARD_NAMES_EXACT << GUARD_NAMES_BELOW | GUARD_NAMES_FAR);
	done(&m);
	m = make("[filesystem]\ndeny_exec = ['/srv/**/*.so']\n");
	assert_int_equal(m.l.head.denies, 1 << GUARD_EXEC); /* what may be written may be moved */
	done(&m);
}

static void a_longer_text_has_the_rules_of_a_shorter(void **state)
{
	struct made m = make("[filesystem]\ndeny_exec = ['/p/a*', '/p/abc*', '/p/abx*', '/p/*z', '/p/*yz', '/p/*']\ndeny_write = ['/p/ab*']\n");

	(void)state;
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_PREFIX, false, "abcd"), "d:-71 a:---");
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_PREFIX, false, "abd"), "d:-71 a:---");
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_PREFIX, false, "ac"), "d:--1 a:---");
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_PREFIX, false, "q"), "d:--6 a:---");
	assert_string_equal(name_text(&m.l, "/p", GUARD_NAMES_SUFFIX, false, "xyz"), "d:--4 a:---");
	done(&m);
}

static void two_paths_of_one_file_share_a_row(void **state)
{
	struct made m = make("[filesystem]\ndeny_write = ['/a/same']\ndeny = ['/b/same', '/a/same']\n");

	(void)state;
	assert_string_equal(row(&m.l, "/a/same"), "d:212 a:---");
	assert_string_equal(row(&m.l, "/b/same"), "d:212 a:---");
	done(&m);
}

static void what_names_cannot_hold_is_a_gap(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/p/a?', '/p/0123456789012345678901234567890123456789012345678901234567890123']\n"
			     "allow_read = ['/p/a?', '/p/**/b']\n");
	const char *why;

	(void)state;
	assert_int_equal(m.l.n_gaps, 2);
	assert_int_equal(gap_kind(&m.l, "filesystem.deny /p/a?"), LIVE_GAP_PATH);
	assert_non_null(strstr(gap_text(&m.l, "filesystem.deny /p/0123"), "63 bytes"));
	assert_string_equal(row(&m.l, "/pattern/a"), "d:111 a:3--"); /* what is there is held */
	assert_string_equal(live_policy__layer(&m.l, &m.p->rules[2], &why), "lsm"); /* it is less that is allowed */
	done(&m);
}

/* ---- actions, conditions ----------------------------------------------------------------------------------- */

/* As the kernel does: which conditions are met by this user, program (inode) and control groups. */
static uint64_t met(const struct live_policy *l, const struct live_rows *r, uint64_t uid, uint64_t exe, uint64_t cgroup, bool other_ns)
{
	const uint64_t values[GUARD_WHO_MAX] = { uid, exe, cgroup };
	uint64_t unmet = ~(uint64_t)l->head.mount_ns[other_ns] | ~(uint64_t)l->head.user_ns[other_ns];

	for (size_t what = 0; what < GUARD_WHO_MAX; what++) {
		uint64_t yes = 0, no = 0;

		for (size_t i = 0; i < r->n_who; i++) {
			if (r->who[i].key.what != what || r->who[i].key.value != values[what])
				continue;
			yes |= r->who[i].row.met;
			no |= r->who[i].row.unmet;
		}
		unmet |= (l->head.needs[what] & ~yes) | no;
	}
	return ~unmet | 1;
}

static void a_condition_is_a_bit(void **state)
{
	struct made m = make("[filesystem]\ndeny = [{ path = '/a', when = { uid = [1, 2] } }, { path = '/b', when = { not_uid = 0 } },\n"
			     " { path = '/c', when = { uid = [1, 2] } }, { path = '/d', when = { binary = '/x/same', not_binary = '/y' } },\n"
			     " { path = '/e', when = { cgroup = '/7', uid = 1 } }, { path = '/f', when = { mount_namespace = 'other' } },\n"
			     " { path = '/g', when = { not_binary = '/z/same' } }]\n");
	struct live_rows r = rows_of(&m.l);
	static const struct {
		uint64_t uid, exe, cgroup;
		bool other;
		const char *met;
	} cases[] = {
		{ 0, 5, 0, false, "g" }, { 1, 5, 0, false, "abcg" }, { 3, 5, 7, false, "bg" }, { 1, 5, 7, true, "abcefg" },
		{ 0, 100, 0, false, "d" },
	};

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.l.n_gaps, 0);
	assert_int_equal(m.l.n_whens, 7); /* with the one that is always met; /a and /c have one */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bits = met(&m.l, &r, cases[i].uid, cases[i].exe, cases[i].cgroup, cases[i].other);

		for (char c = 'a'; c <= 'g'; c++) {
			char path[3] = { '/', c };
			const struct guard_row *row = NULL;

			for (size_t k = 0; k < r.n_inodes; k++)
				if (r.inodes[k].key.inode == inode_of(&m.l, path))
					row = &r.inodes[k].row;
			assert_non_null(row);
			if (!!strchr(cases[i].met, c) != (bits >> row->e[0].condition & 1))
				fail_msg("case %zu: %c", i, c);
		}
	}
	live_rows__done(&r);
	done(&m);
}

static void rules_on_one_file_keep_their_conditions(void **state)
{
	struct made m = make("[filesystem]\ndeny = [{ path = '/a', when = { uid = 1 } }, { path = '/a', when = { uid = 2 }, action = 'kill' },\n"
			     "{ path = '/a', action = 'audit' }]\n[syscalls]\ndeny = [{ call = 'mount', action = 'kill', when = { not_uid = 0 } }, "
			     "'umount2']\n");
	struct live_rows r = rows_of(&m.l);
	const struct guard_row *row = NULL;

	(void)state;
	for (size_t k = 0; k < r.n_inodes; k++)
		if (r.inodes[k].key.inode == inode_of(&m.l, "/a"))
			row = &r.inodes[k].row;
	assert_non_null(row);
	for (int i = 0; i < 3; i++)
		assert_int_equal(row->e[i].rule, i + 1);
	assert_true(row->e[0].action == GUARD_DENY && row->e[1].action == GUARD_KILL && row->e[2].action == GUARD_TELL);
	assert_true(row->e[0].condition && row->e[1].condition && row->e[0].condition != row->e[1].condition && !row->e[2].condition);
	assert_int_equal(m.l.head.blind[GUARD_READ], GUARD_DENY);
	assert_int_equal(m.l.head.ops[GUARD_OP_MOUNT].e[0].action, GUARD_KILL);
	assert_int_equal(m.l.head.ops[GUARD_OP_MOUNT].e[1].action, GUARD_DENY);
	live_rows__done(&r);
	done(&m);
	m = make("[filesystem]\ndeny = [{ path = '/a', action = 'audit' }]\n");
	assert_int_equal(m.l.head.blind[GUARD_READ], GUARD_TELL);
	done(&m);
}

static void what_a_row_cannot_hold_is_an_error(void **state)
{
	char text[2000] = "[filesystem]\ndeny = [";
	struct policy_error e;
	uint64_t inodes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct live_rows r;
	struct made m;

	(void)state;
	for (int i = 0; i < 8; i++)
		sprintf(text + strlen(text), "{ path = '/a', when = { uid = %d } },", i);
	strcat(text, "]\n");
	m = make(text);
	assert_int_equal(m.err, 0);
	assert_int_equal(live_rows__make(&m.l, inodes, &r, &e), -ENOSPC);
	assert_non_null(strstr(e.text, "t.toml:2:"));
	assert_non_null(strstr(e.text, "7 rules that differ"));
	live_rows__done(&r);
	done(&m);
	strcpy(text, "[filesystem]\ndeny = [");
	for (int i = 0; i < 64; i++)
		sprintf(text + strlen(text), "{path='/%d',when={uid=%d}},", i, i);
	strcat(text, "]\n");
	m = make(text);
	assert_int_equal(m.err, -ENOSPC);
	assert_non_null(strstr(m.e.text, "63 different conditions"));
	done(&m);
}

static void what_a_condition_names_must_be_there(void **state)
{
	struct made m = make("[filesystem]\ndeny = [{ path = '/a', when = { binary = '/gone' } }, { path = '/b', when = { binary = '/gone' } },\n"
			     "{ path = '/c', when = { cgroup = '/none' } }]\n");

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.l.n_gaps, 3);
	assert_string_equal(gap_text(&m.l, "filesystem.deny /b"), "when: its program is not there");
	assert_string_equal(gap_text(&m.l, "filesystem.deny /c"), "when: its control group is not there");
	done(&m);
}

static void nested_bases_are_bounded(void **state)
{
	struct made m = make("[filesystem]\ndeny = ['/1/**/x', '/1/2/**/x', '/1/2/3/**/x', '/1/2/3/4/**/x', '/1/2/3/4/5/**/x', "
			     "'/1/2/3/4/5/6/**/x', '/1/2/3/4/5/6/7/**/x', '/1/2/3/4/5/6/7/8/**/x', '/2/**/x']\n");

	(void)state;
	assert_int_equal(m.err, 0);
	done(&m);
	m = make("[filesystem]\ndeny = ['/1/**/x', '/1/2/**/x', '/1/2/3/**/x', '/1/2/3/4/**/x', '/1/2/3/4/5/**/x', "
		 "'/1/2/3/4/5/6/**/x', '/1/2/3/4/5/6/7/**/x', '/1/2/3/4/5/6/7/8/**/x', '/1/2/3/4/5/6/7/8/9/**/x']\n");
	assert_int_equal(m.err, -ENOSPC);
	assert_non_null(strstr(m.e.text, "8 directories within each other"));
	done(&m);
}

/* ---- layers ------------------------------------------------------------------------------------------------ */

static void what_cannot_be_refused_can_be_killed_for(void **state)
{
	const struct live_layers layers = { .kill_after = true };
	struct net_plan plan = { 0 };
	const char *why = NULL;
	struct made m = make_with("[filesystem]\nallow_exec = ['/w']\ndeny = ['/d']\n[network]\nallow = ['192.0.2.1:80']\n"
				  "[syscalls]\ndeny = ['bpf', 'io_uring_setup', 'reboot']\n", &layers, &plan);

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.l.head.closed, 1 << GUARD_EXEC);
	assert_int_equal(m.l.head.net_closed, 0);
	assert_string_equal(row(&m.l, "/w"), "d:--- a:--1");
	assert_string_equal(row(&m.l, "/d"), "d:222 a:---");
	for (size_t i = 0; i < m.p->n_rules; i++) {
		const char *layer = live_policy__layer(&m.l, &m.p->rules[i], &why);

		if (m.p->rules[i].kind == RULE_NET || !strcmp(m.p->rules[i].value, "reboot"))
			assert_null(layer);
		else
			assert_string_equal(layer, "kill");
	}
	assert_int_equal(gap_kind(&m.l, "network.allow 192.0.2.1:80"), LIVE_GAP_LAYER);
	assert_int_equal(gap_kind(&m.l, "syscalls.deny reboot"), LIVE_GAP_HOOK);
	assert_int_equal(m.l.n_gaps, 2);
	done(&m);
}

static void without_lsm_only_the_network_is_left(void **state)
{
	static const char text[] = "[filesystem]\nallow_write = ['/w']\ndeny = ['/d']\n[network]\nallow = ['192.0.2.1:80']\n"
				   "[syscalls]\ndeny = ['bpf', 'reboot']\n";
	struct live_layers layers = { .cgroup_net = true };
	struct net_plan plan = { 0 };
	const char *why = NULL;
	struct made m = make_with(text, &layers, &plan);

	(void)state;
	assert_int_equal(m.err, 0);
	assert_int_equal(m.expanded, 0);
	assert_true(!m.l.n_paths && !m.l.n_nets && !m.l.head.closed && !m.l.head.denies && !m.l.head.net_closed);
	assert_string_equal(gap_text(&m.l, "filesystem.allow_write /w"), "needs BPF LSM");
	assert_int_equal(gap_kind(&m.l, "filesystem.deny /d"), LIVE_GAP_LAYER);
	assert_int_equal(gap_kind(&m.l, "syscalls.deny bpf"), LIVE_GAP_LAYER);
	assert_int_equal(gap_kind(&m.l, "syscalls.deny reboot"), LIVE_GAP_HOOK);
	assert_int_equal(m.l.n_gaps, 4);
	for (size_t i = 0; i < m.p->n_rules; i++) {
		const char *layer = live_policy__layer(&m.l, &m.p->rules[i], &why);

		if (m.p->rules[i].kind == RULE_NET)
			assert_string_equal(layer, "cgroup-bpf");
		else
			assert_null(layer);
	}
	done(&m);
	layers.cgroup_net = false;
	m = make_with(text, &layers, &plan);
	assert_int_equal(gap_kind(&m.l, "network.allow 192.0.2.1:80"), LIVE_GAP_LAYER);
	done(&m);
	m = make_with("[network]\nallow = false\n", &layers, &plan);
	assert_int_equal(gap_kind(&m.l, "network.allow = false"), LIVE_GAP_LAYER);
	assert_string_equal(m.l.gaps[0].src->name, "t.toml");
	assert_int_equal(m.l.gaps[0].src->line, 2);
	done(&m);
	m = make_with(text, &everything, NULL);
	assert_int_equal(gap_kind(&m.l, "network.allow 192.0.2.1:80"), LIVE_GAP_PATH);
	assert_true(m.l.head.net_closed && !m.l.n_nets); /* what is not known is not allowed */
	done(&m);
}

static void calls_stand_for_hooks(void **state)
{
	static const struct {
		const char *name;
		enum guard_op op;
	} cases[] = {
		{ "bpf", GUARD_OP_BPF }, { "ptrace", GUARD_OP_PTRACE }, { "process_vm_writev", GUARD_OP_PTRACE },
		{ "mount", GUARD_OP_MOUNT }, { "umount2", GUARD_OP_MOUNT }, { "pivot_root", GUARD_OP_MOUNT },
		{ "move_mount", GUARD_OP_MOUNT }, { "finit_module", GUARD_OP_MODULE }, { "kexec_file_load", GUARD_OP_KEXEC },
		{ "perf_event_open", GUARD_OP_PERF }, { "io_uring_setup", GUARD_OP_IO_URING },
		{ "mount_setattr", GUARD_OP_NONE }, { "fsmount", GUARD_OP_NONE }, { "open_tree", GUARD_OP_NONE }, { "delete_module", GUARD_OP_NONE },
		{ "reboot", GUARD_OP_NONE },
	};
	struct live_layers layers = everything;
	struct made m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[100];
		int n = 0;

		snprintf(text, sizeof(text), "[syscalls]\ndeny = ['%s']\n", cases[i].name);
		m = make(text);
		assert_int_equal(live_policy__op(cases[i].name), cases[i].op);
		for (int op = 0; op < GUARD_OP_MAX; op++)
			n += m.l.head.ops[op].e[0].rule != 0;
		assert_int_equal(n, cases[i].op != GUARD_OP_NONE);
		assert_int_equal(m.l.n_gaps, cases[i].op == GUARD_OP_NONE);
		if (cases[i].op)
			assert_non_null(strstr(live_policy__op_calls(cases[i].op), cases[i].name));
		done(&m);
	}
	m = make("[syscalls]\ndeny = ['mount', 'umount2']\nallow = ['mount']\n");
	assert_int_equal(m.l.head.ops[GUARD_OP_MOUNT].e[0].rule, 1);
	assert_int_equal(m.l.head.ops[GUARD_OP_MOUNT].e[1].rule, 0); /* it says the same */
	assert_int_equal(m.l.n_rules, 3);
	done(&m);
	layers.lsm_io_uring = false;
	m = make_with("[syscalls]\ndeny = ['io_uring_setup']\n", &layers, &(struct net_plan){ .isolated = true });
	assert_int_equal(gap_kind(&m.l, "syscalls.deny io_uring_setup"), LIVE_GAP_LAYER);
	done(&m);
}

static void what_only_a_launch_gives_is_a_gap_if_it_is_asked_for(void **state)
{
	struct made m = make("");

	(void)state;
	assert_true(!m.l.n_gaps && m.l.n_rules == 1 && !m.l.n_paths && !m.l.head.net_closed);
	done(&m);
	m = make("[filesystem]\nsynthetic = ['hosts']\noverlay = true\nprotect_project = true\n[network]\nunix = false\n"
		 "[seccomp]\nprofile = 'strict'\n[limits]\npids = 5\noutput = 'unlimited'\n[syscalls]\nlog_only = ['read']\n"
		 "[env]\nallow = ['A', 'B']\nset = { C = '' }\nstrip = ['D']\n");
	for (size_t i = 0; i < m.l.n_gaps; i++) {
		assert_int_equal(m.l.gaps[i].kind, LIVE_GAP_LAUNCH);
		assert_true(m.l.gaps[i].src->line > 0);
		assert_null(m.l.gaps[i].rule);
	}
	assert_int_equal(m.l.n_gaps, 10);
	assert_string_equal(gap_text(&m.l, "limits.pids"), "only at a launch");
	assert_string_equal(gap_text(&m.l, "limits.output"), "none");
	done(&m);
	m = make("[filesystem]\nsynthetic = []\noverlay = false\nprotect_project = false\n[network]\nunix = true\n");
	assert_int_equal(m.l.n_gaps, 0);
	done(&m);
}

static void numbers_have_words(void **state)
{
	struct made m = make("[filesystem]\ndeny_write = ['/w']\nallow_exec = ['/x']\n[network]\nallow = false\n");
	char buf[200];

	(void)state;
	assert_string_equal(live_policy__describe(&m.l, 1, buf, sizeof(buf)), "t.toml:2:15: filesystem.deny_write \"/w\"");
	assert_string_equal(live_policy__describe(&m.l, m.l.head.closed_rule[GUARD_EXEC], buf, sizeof(buf)),
			    "not in filesystem.allow_exec");
	assert_string_equal(live_policy__describe(&m.l, m.l.head.net_rule, buf, sizeof(buf)),
			    "t.toml:5:9: network.allow = false");
	assert_string_equal(live_policy__describe(&m.l, 0, buf, sizeof(buf)), "not in the policy");
	assert_string_equal(live_policy__describe(&m.l, 900, buf, sizeof(buf)), "not in the policy");
	assert_int_equal(m.l.n_rules, 5);
	done(&m);
	m = make_with("[network]\nallow = ['192.0.2.1:80']\n", &everything, &(struct net_plan){ 0 });
	assert_string_equal(live_policy__describe(&m.l, m.l.head.net_rule, buf, sizeof(buf)), "not in network.allow");
	done(&m);
	m = make("[network]\nallow = true\n");
	assert_true(!m.l.head.net_closed && m.l.n_rules == 1 && !m.l.n_gaps);
	done(&m);
}

/* ---- bounds ------------------------------------------------------------------------------------------------ */

static void what_the_maps_cannot_hold_is_an_error(void **state)
{
	struct policy *p = load("");
	struct policy_error e;
	struct live_policy l;
	unsigned int expanded = 0;
	struct made m;

	(void)state;
	for (unsigned int i = 0; i < 1023; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/f%u", i);
		assert_int_equal(policy__add(p, RULE_DENY, "--deny", path, &env, &e), 0);
	}
	assert_int_equal(live_policy__make(p, NULL, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), 0);
	assert_true(l.n_rules == 1024 && l.n_paths == 1024); /* with / */
	assert_ptr_equal(l.rules[1023], &p->rules[1022]);
	live_policy__done(&l);
	assert_int_equal(policy__add(p, RULE_DENY, "--deny", "/one", &env, &e), 0);
	assert_int_equal(live_policy__make(p, NULL, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), -ENOSPC);
	assert_non_null(strstr(e.text, "1023 rules"));
	assert_true(e.hint[0]);
	live_policy__done(&l);
	policy__free(p);
	m = make("[filesystem]\ndeny = ['/huge']\n");
	assert_int_equal(m.err, -ENOSPC);
	assert_non_null(strstr(m.e.text, "2048 paths"));
	done(&m);
}

/* ---- network ----------------------------------------------------------------------------------------------- */

#define ENTRIES_MAX 40
static struct policy_rule net_rules[ENTRIES_MAX];

/* The row that the kernel's trie finds, by looking at all. */
static const struct live_net *longest(const struct live_policy *l, const struct in6_addr *addr)
{
	const struct live_net *best = NULL;

	for (size_t i = 0; i < l->n_nets; i++) {
		const struct live_net *n = &l->nets[i];
		unsigned int bits = n->key.prefixlen - 32, same = 0;

		while (same < bits && !((n->key.addr[same / 8] ^ addr->s6_addr[same / 8]) & 0x80 >> same % 8))
			same++;
		if (same == bits && (!best || best->key.prefixlen < n->key.prefixlen))
			best = n;
	}
	return best;
}

static unsigned int looked_up(const struct live_policy *l, const struct in6_addr *addr, uint16_t port)
{
	const struct live_net *n = longest(l, addr);

	for (unsigned int i = 0; n && i < n->row.n; i++)
		if (port >= n->row.ports[i].first && port <= n->row.ports[i].last)
			return n->row.ports[i].rule;
	return 0;
}

/* How many ranges of ports hold for addresses at PREFIX bits of ADDR: as add_range() leaves them, found by asking all. */
static unsigned int ranges_at(const struct net_plan *plan, const struct net_entry *at)
{
	const struct net_entry *in[ENTRIES_MAX];
	unsigned int n = 0, kept = 0;
	bool v4 = at->prefix >= 96 && net_addr__is_v4(&at->addr);

	for (size_t i = 0; i < plan->n; i++) {
		const struct net_entry *e = &plan->v[i];
		unsigned int same = 0;

		if (e->prefix > at->prefix || v4 != (e->prefix >= 96 && net_addr__is_v4(&e->addr)))
			continue;
		while (same < e->prefix && !((e->addr.s6_addr[same / 8] ^ at->addr.s6_addr[same / 8]) & 0x80 >> same % 8))
			same++;
		if (same == e->prefix)
			in[n++] = e;
	}
	for (unsigned int i = 0; i < n; i++) {
		bool hidden = false;

		for (unsigned int k = 0; k < i; k++)
			hidden |= in[k]->port_first <= in[i]->port_first && in[k]->port_last >= in[i]->port_last;
		kept += !hidden;
	}
	return kept;
}

static uint32_t seed = 1;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void clear_behind(struct in6_addr *addr, unsigned int bits)
{
	for (unsigned int i = bits; i < 128; i++)
		addr->s6_addr[i / 8] &= (uint8_t)~(0x80 >> i % 8);
}

/* Few different ones, so that they contain each other. */
static struct net_entry any_entry(const struct policy_rule *rule)
{
	static const uint8_t v4_bits[] = { 96, 97, 100, 104, 104, 112, 120, 127, 128, 128 };
	static const uint8_t v6_bits[] = { 0, 1, 8, 32, 64, 79, 80, 81, 88, 95, 96, 120, 127, 128 };
	static const uint8_t bytes[] = { 0, 0, 10, 127, 255 };
	static const uint16_t ports[] = { 1, 22, 80, 81, 443, 8080, 65535 };
	struct net_entry e = { .rule = rule };
	bool v4 = any(2);

	if (v4)
		e.addr.s6_addr[10] = e.addr.s6_addr[11] = 0xff;
	for (unsigned int i = v4 ? 12 : any(3) ? 8 : 0; i < 16; i++)
		e.addr.s6_addr[i] = bytes[any(ARRAY_SIZE(bytes))];
	e.prefix = v4 ? v4_bits[any(ARRAY_SIZE(v4_bits))] : v6_bits[any(ARRAY_SIZE(v6_bits))];
	clear_behind(&e.addr, e.prefix);
	e.port_first = ports[any(ARRAY_SIZE(ports))];
	e.port_last = any(3) ? e.port_first : ports[any(ARRAY_SIZE(ports))];
	if (e.port_last < e.port_first) {
		uint16_t swap = e.port_first;

		e.port_first = e.port_last;
		e.port_last = swap;
	}
	return e;
}

static void compare(const struct net_plan *plan, const struct live_policy *l, const struct in6_addr *addr)
{
	static const uint16_t ports[] = { 1, 2, 21, 22, 79, 80, 81, 82, 443, 8080, 40000, 65534, 65535 };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		const struct net_entry *want = network__match(plan, addr, ports[i]);
		unsigned int have = looked_up(l, addr, ports[i]);
		char text[INET6_ADDRSTRLEN];

		if (have == (want ? (unsigned int)(want->rule - net_rules) + 1 : 0))
			continue;
		for (size_t k = 0; k < plan->n; k++)
			print_error("%s/%u %u-%u\n", net_addr__print(&plan->v[k].addr, text), plan->v[k].prefix,
				    plan->v[k].port_first, plan->v[k].port_last);
		fail_msg("%s port %u: rule %u, not %d", net_addr__print(addr, text), ports[i], have,
			 want ? (int)(want->rule - net_rules) + 1 : 0);
	}
}

/* Addresses at both ends of each rule, one beyond, and those that are special. */
static void compare_all(const struct net_plan *plan, const struct live_policy *l)
{
	static const struct in6_addr zero4 = { .s6_addr = { [10] = 0xff, [11] = 0xff } }, zero6 = { 0 };

	compare(plan, l, &zero4);
	compare(plan, l, &zero6);
	for (size_t i = 0; i < plan->n; i++) {
		struct in6_addr addr = plan->v[i].addr;
		unsigned int bits = plan->v[i].prefix;

		compare(plan, l, &addr);
		for (unsigned int b = bits; b < 128; b++)
			addr.s6_addr[b / 8] |= (uint8_t)(0x80 >> b % 8);
		compare(plan, l, &addr);
		if (bits) {
			addr.s6_addr[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
			compare(plan, l, &addr);
		}
		for (unsigned int k = 0; k < 4; k++)
			addr.s6_addr[12 + k] = (uint8_t)any(256);
		compare(plan, l, &addr);
	}
}

static void flat_rows_say_what_the_rules_say(void **state)
{
	struct net_entry entries[ENTRIES_MAX];
	struct policy p = { .rules = net_rules, .net_src = { "t.toml", 1, 1 } };
	unsigned int expanded = 0, full = 0;

	(void)state;
	for (unsigned int round = 0; round < 4000; round++) {
		struct net_plan plan = { .v = entries, .n = any(round % 50 ? 12 : ENTRIES_MAX) + 1 };
		struct policy_error e;
		struct live_policy l;
		bool too_many = false;
		int err;

		p.n_rules = plan.n;
		for (size_t i = 0; i < plan.n; i++) {
			net_rules[i] = (struct policy_rule){ .kind = RULE_NET, .text = (char *)"x", .src = { "t.toml", 1, 1 } };
			/* a name is one rule and several addresses */
			entries[i] = any_entry(&net_rules[i && !any(4) ? i - 1 : i]);
		}
		for (size_t i = 0; i < plan.n; i++)
			too_many |= ranges_at(&plan, &entries[i]) > GUARD_NET_PORTS;
		err = live_policy__make(&p, &plan, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e);
		if (err != -ENOSPC) {
			assert_int_equal(err, 0);
			compare_all(&plan, &l);
		}
		/* what an earlier range hides need not be kept, but it is only seen when one range does */
		if (too_many != (err == -ENOSPC))
			fail_msg("round %u: %s", round, err ? e.text : "more ranges than a row has");
		full += err == -ENOSPC;
		live_policy__done(&l);
	}
	assert_true(full < 400);
}

static void a_row_has_room_for_so_many_ports(void **state)
{
	struct net_entry entries[GUARD_NET_PORTS + 1];
	struct policy p = { .rules = net_rules, .n_rules = ARRAY_SIZE(entries), .net_src = { "t.toml", 1, 1 } };
	struct net_plan plan = { .v = entries, .n = GUARD_NET_PORTS };
	struct live_policy l;
	struct policy_error e;
	unsigned int expanded = 0;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(entries); i++) {
		net_rules[i] = (struct policy_rule){ .kind = RULE_NET, .text = (char *)"10.0.0.0/8:7",
						     .src = { "t.toml", 7, i + 1 } };
		entries[i] = (struct net_entry){ .prefix = (uint8_t)(104 + i), .port_first = (uint16_t)(i + 1),
						 .port_last = (uint16_t)(i + 1), .rule = &net_rules[i] };
		entries[i].addr.s6_addr[10] = entries[i].addr.s6_addr[11] = 0xff;
		entries[i].addr.s6_addr[12] = 10;
	}
	assert_int_equal(live_policy__make(&p, &plan, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), 0);
	assert_int_equal(l.n_nets, GUARD_NET_PORTS); /* the empty ones that would stand above are left out */
	compare_all(&plan, &l);
	live_policy__done(&l);
	plan.n++;
	assert_int_equal(live_policy__make(&p, &plan, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), -ENOSPC);
	assert_string_equal(e.text, "t.toml:7:17: network.allow \"10.0.0.0/8:7\": more than 16 ranges of ports for 10.0.0.0");
	live_policy__done(&l);
	/* one that holds them all is one */
	entries[0].port_last = 65535;
	assert_int_equal(live_policy__make(&p, &plan, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), 0);
	assert_int_equal(l.n_nets, 1);
	assert_int_equal(l.nets[0].row.n, 1);
	live_policy__done(&l);
	/* also where the others are of what is around it, and come later */
	for (unsigned int i = 1; i < ARRAY_SIZE(entries); i++)
		entries[i].prefix = 104;
	entries[0].prefix = 120;
	assert_int_equal(live_policy__make(&p, &plan, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), 0);
	assert_int_equal(l.n_nets, 2);
	assert_int_equal(l.nets[1].row.n, 1);
	compare_all(&plan, &l);
	live_policy__done(&l);
}

static void so_many_networks_fit(void **state)
{
	static struct net_entry entries[1025];
	struct policy p = { .rules = net_rules, .n_rules = 1, .net_src = { "t.toml", 1, 1 } };
	struct net_plan plan = { .v = entries, .n = 1024 };
	struct live_policy l;
	struct policy_error e;
	unsigned int expanded = 0;

	(void)state;
	net_rules[0] = (struct policy_rule){ .kind = RULE_NET, .text = (char *)"many:7", .src = { "t.toml", 1, 1 } };
	for (unsigned int i = 0; i < ARRAY_SIZE(entries); i++) {
		entries[i] = (struct net_entry){ .prefix = 128, .port_first = 7, .port_last = 7, .rule = &net_rules[0] };
		entries[i].addr.s6_addr[10] = entries[i].addr.s6_addr[11] = 0xff;
		entries[i].addr.s6_addr[12] = 10;
		entries[i].addr.s6_addr[14] = (uint8_t)(i >> 8);
		entries[i].addr.s6_addr[15] = (uint8_t)i;
	}
	assert_int_equal(live_policy__make(&p, &plan, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), 0);
	assert_int_equal(l.n_nets, 1024);
	compare_all(&plan, &l);
	live_policy__done(&l);
	plan.n++;
	assert_int_equal(live_policy__make(&p, &plan, &everything, &(struct live_world){ .expand = expand, .ctx = &expanded }, &l, &e), -ENOSPC);
	assert_non_null(strstr(e.text, "1024 different"));
	live_policy__done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kind_is_closed_by_rules_of_that_kind),
		cmocka_unit_test(what_may_be_written_or_executed_may_be_read),
		cmocka_unit_test(denials_are_of_their_accesses),
		cmocka_unit_test(what_is_not_there_is_a_gap),
		cmocka_unit_test(patterns_are_taken_apart),
		cmocka_unit_test(what_is_not_there_yet_is_held_by_its_name),
		cmocka_unit_test(names_below_a_directory_keep_it_in_reach),
		cmocka_unit_test(a_longer_text_has_the_rules_of_a_shorter),
		cmocka_unit_test(two_paths_of_one_file_share_a_row),
		cmocka_unit_test(what_names_cannot_hold_is_a_gap),
		cmocka_unit_test(nested_bases_are_bounded),
		cmocka_unit_test(a_condition_is_a_bit),
		cmocka_unit_test(rules_on_one_file_keep_their_conditions),
		cmocka_unit_test(what_a_row_cannot_hold_is_an_error),
		cmocka_unit_test(what_a_condition_names_must_be_there),
		cmocka_unit_test(a_long_path_leaves_room_for_the_reason),
		cmocka_unit_test(without_lsm_only_the_network_is_left),
		cmocka_unit_test(what_cannot_be_refused_can_be_killed_for),
		cmocka_unit_test(calls_stand_for_hooks),
		cmocka_unit_test(what_only_a_launch_gives_is_a_gap_if_it_is_asked_for),
		cmocka_unit_test(numbers_have_words),
		cmocka_unit_test(what_the_maps_cannot_hold_is_an_error),
		cmocka_unit_test(flat_rows_say_what_the_rules_say),
		cmocka_unit_test(a_row_has_room_for_so_many_ports),
		cmocka_unit_test(so_many_networks_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
