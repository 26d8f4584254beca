/* SPDX-License-Identifier: Apache-2.0 */
/* What a sandboxed run adds to each output: denial, header and summary as JSON, lines and tables for people. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/util.h"
#include "events.h"
#include "policy/denials.h"
#include "sandbox/changes.h"
#include "sandbox/limits.h"
#include "sink/encode.h"
#include "sink/encode_sandbox.h"
#include "sink/json.h"
#include "sink/sink.h"
#include "sink/summary.h"
#include "sink/text.h"

static struct test_event te;
static struct denials *table;
static struct summary *sum;

static int begin(void **state)
{
	(void)state;
	table = denials__new();
	sum = summary__new();
	test_call(&te, "openat", -ENOENT, 0, NULL);
	test_string(&te, 1, "/etc/passwd");
	return table && sum && test_event__done(&te) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	denials__free(table);
	summary__free(sum);
	return 0;
}

static struct denial make(enum layer layer, const char *access, const char *object, const char *rule)
{
	struct denial d = { .layer = layer, .access = access, .err = ENOENT };

	snprintf(d.object, sizeof(d.object), "%s", object);
	snprintf(d.rule, sizeof(d.rule), "%s", rule);
	return d;
}

static struct denial suggested(struct denial d, const char *key, const char *value, const char *flag, bool sensitive)
{
	snprintf(d.suggest_key, sizeof(d.suggest_key), "%s", key);
	snprintf(d.suggest_value, sizeof(d.suggest_value), "%s", value);
	snprintf(d.suggest_flag, sizeof(d.suggest_flag), "%s", flag);
	d.sensitive = sensitive;
	return d;
}

static struct denial passwd(void)
{
	return suggested(make(LAYER_MOUNT, "read", "/etc/passwd", "not in allow_read"), "filesystem.allow_read", "/etc/passwd",
			 "--read /etc/passwd", false);
}

static void add(struct denial d, int times)
{
	for (int i = 0; i < times; i++)
		denials__add(table, &te.ev, "prog", &d);
}

/* ---- JSON ---- */

static void json_equals(struct json *j, const char *want)
{
	assert_int_equal(j->err, 0);
	if (j->len != strlen(want) || memcmp(j->buf, want, j->len))
		fail_msg("have\n%.*s\nwant\n%s", (int)j->len, j->buf, want);
	json__done(j);
}

static void denial_as_json(const struct denial *d, const char *want)
{
	struct json j;

	json__init(&j);
	json__object_begin(&j);
	encode_sandbox__denial(&j, d);
	json__object_end(&j);
	json_equals(&j, want);
}

static void json_denial(void **state)
{
	struct denial d = passwd();

	(void)state;
	denial_as_json(&d, "{\"denial\":{\"layer\":\"mount\",\"rule\":\"not in allow_read\",\"access\":\"read\","
			   "\"object\":\"/etc/passwd\",\"errno\":\"ENOENT\",\"suggest\":{\"key\":\"filesystem.allow_read\","
			   "\"value\":\"/etc/passwd\",\"flag\":\"--read /etc/passwd\"}}}");
	d = make(LAYER_SECCOMP, NULL, "\n\xff", "always \"blocked\"");
	d.err = 0;
	d.expected = d.sensitive = true;
	denial_as_json(&d, "{\"denial\":{\"layer\":\"seccomp\",\"rule\":\"always \\\"blocked\\\"\",\"object\":\"\\n\xef\xbf\xbd\","
			   "\"object_hex\":\"0aff\",\"expected\":true,\"sensitive\":true}}");
	d = suggested(make(LAYER_EXEC, "execute", "./x", "r"), "", "", "--allow-exec", false);
	d.err = 4000;
	denial_as_json(&d, "{\"denial\":{\"layer\":\"exec\",\"rule\":\"r\",\"access\":\"execute\",\"object\":\"./x\","
			   "\"errno\":\"errno_4000\",\"suggest\":{\"flag\":\"--allow-exec\"}}}");
}

static void json_record(void **state)
{
	const struct run_info info = { 0 };
	struct encoder *e = encoder__new();
	struct denial d = make(LAYER_SECCOMP, NULL, "syscall openat", "r");
	struct json j;
	const char *want = "\"action\":\"deny\",\"category\":\"file_read\",\"denial\":{\"layer\":\"seccomp\",\"rule\":\"r\","
			   "\"object\":\"syscall openat\",\"errno\":\"ENOENT\"}}\n{\"event_type\":\"syscall\"";

	(void)state;
	json__init(&j);
	te.ev.denial = &d;
	te.ev.action = ACTION_DENY;
	encode__header(e, &info, &j);
	json__reset(&j);
	assert_int_equal(encode__event(e, &te.ev, &j), 0);
	te.ev.denial = NULL;
	assert_int_equal(encode__event(e, &te.ev, &j), 0);
	assert_non_null(memmem(j.buf, j.len, want, strlen(want)));
	assert_memory_equal(j.buf + j.len - 2, "}\n", 2);
	json__done(&j);
	encoder__free(e);
}

static void json_header(void **state)
{
	const char *const layers[] = { "mount: all", NULL };
	char *stripped[] = { (char *)"AWS_KEY", NULL };
	const struct run_info info = { .layers = layers, .policy = "strict", .policy_sha256 = "ab", .env_stripped = stripped };
	struct encoder *e = encoder__new();
	const char *want = "\"layers\":[\"mount: all\"],\"degraded\":[],\"policy\":{\"name\":\"strict\",\"sha256\":\"ab\"},"
			   "\"env_stripped\":[\"AWS_KEY\"]}\n";
	struct json j;

	(void)state;
	json__init(&j);
	assert_int_equal(encode__header(e, &info, &j), 0);
	assert_non_null(memmem(j.buf, j.len, want, strlen(want)));
	json__done(&j);
	encoder__free(e);
}

static void json_summary(void **state)
{
	struct change v[] = {
		{ .kind = CHANGE_CREATED, .path = (char *)"/w/\xff", .mode = S_IFREG | 0644, .size = 5, .blocks = 4096,
		  .hashed = true, .sha256 = { 0xab } },
		{ .kind = CHANGE_DELETED, .path = (char *)"/w/b" },
		{ .kind = CHANGE_REPLACED, .path = (char *)"/w/c", .mode = S_IFLNK | 0777, .link = (char *)"../x" },
	};
	struct changes c = { .v = v, .n = 3, .created = 1, .modified = 1, .deleted = 1, .bytes = 4096 };
	struct limit_events l = { .oom_kills = 1, .memory_hits = 7, .throttled_ns = 5999, .memory_peak = 99 };
	struct run_result res = { .denials = table, .limits = &l, .changes = &c };
	struct denial clone3 = make(LAYER_SECCOMP, NULL, "syscall clone3", "absent");
	struct json j;

	(void)state;
	clone3.expected = true;
	add(clone3, 3);
	add(passwd(), 2);
	json__init(&j);
	json__object_begin(&j);
	encode_sandbox__summary(&j, &res);
	json__object_end(&j);
	json_equals(&j,
		    "{\"denied_expected\":3,\"denied_by_layer\":{\"mount\":2,\"seccomp\":3},\"denials\":["
		    "{\"count\":2,\"layer\":\"mount\",\"rule\":\"not in allow_read\",\"access\":\"read\",\"object\":\"/etc/passwd\","
		    "\"errno\":\"ENOENT\",\"suggest\":{\"key\":\"filesystem.allow_read\",\"value\":\"/etc/passwd\","
		    "\"flag\":\"--read /etc/passwd\"},\"pid\":4242,\"comm\":\"prog\",\"first_ts\":100000002000},"
		    "{\"count\":3,\"layer\":\"seccomp\",\"rule\":\"absent\",\"object\":\"syscall clone3\",\"errno\":\"ENOENT\","
		    "\"expected\":true,\"pid\":4242,\"comm\":\"prog\",\"first_ts\":100000002000}],\"denials_dropped\":{},"
		    "\"limits\":{\"oom_kills\":1,\"memory_hits\":7,\"pids_hits\":0,\"throttled_us\":5,\"memory_peak\":99},"
		    "\"changes\":{\"created\":1,\"modified\":1,\"deleted\":1,\"bytes\":4096,\"truncated\":null,\"entries\":["
		    "{\"change\":\"created\",\"path\":\"/w/\xef\xbf\xbd\",\"path_hex\":\"2f772fff\",\"type\":\"file\",\"mode\":\"0644\","
		    "\"size\":5,\"allocated\":4096,"
		    "\"sha256\":\"ab00000000000000000000000000000000000000000000000000000000000000\"},"
		    "{\"change\":\"deleted\",\"path\":\"/w/b\"},"
		    "{\"change\":\"replaced\",\"path\":\"/w/c\",\"type\":\"link\",\"mode\":\"0777\",\"size\":0,\"allocated\":0,"
		    "\"link\":\"../x\"}]}}");
}

/* ---- lines ---- */

static char *line_of(const struct denial *d, int width)
{
	struct text_line line;
	static struct text t;

	text__done(&t);
	text__init(&t, false);
	text_line__init(&line, 0, width);
	line.pid_width = 4;
	text_denial__line(&t, &line, d);
	text__char(&t, '\0');
	assert_int_equal(t.err, 0);
	return t.buf;
}

static void text_lines(void **state)
{
	struct denial d = passwd();

	(void)state;
	assert_string_equal(line_of(&d, 0), "                ╰ mount: not in allow_read · --read /etc/passwd\n");
	d.sensitive = true;
	assert_string_equal(line_of(&d, 60), "                ╰ mount: not in allow_read\n"
					     "                  --read /etc/passwd · sensitive\n");
	d = suggested(make(LAYER_SECCOMP, NULL, "syscall mount", "changes mounts"), "syscalls.allow", "mount", "", true);
	assert_string_equal(line_of(&d, 0),
			    "                ╰ seccomp: changes mounts · syscalls.allow = [\"mount\"] · sensitive\n");
	d = suggested(make(LAYER_CGROUP, NULL, "syscall clone", "limits.pids = 4"), "limits.pids", "8", "", false);
	assert_string_equal(line_of(&d, 0), "                ╰ cgroup: limits.pids = 4 · limits.pids = 8\n");
	d = make(LAYER_MOUNT, "read", "/a\033[2J\xff", "p.toml:1:1 deny \a");
	assert_string_equal(line_of(&d, 0), "                ╰ mount: read /a\\x1b[2J\\xff: p.toml:1:1 deny \\a\n");
	d.expected = true;
	assert_non_null(strstr(line_of(&d, 0), "expected, nothing to do"));
	/* never wider than the screen, whatever a name is */
	memset(d.object, 'x', sizeof(d.object) - 1);
	d.expected = false;
	for (int width = 60; width < 140; width += 13) {
		struct text t;
		const char *s = line_of(&d, width);

		text__init(&t, false);
		text__put(&t, s);
		t.len = 0;
		t.col = 0;
		for (const char *nl = strchr(s, '\n'); nl; s = nl + 1, nl = strchr(s, '\n')) {
			char part[1024];

			snprintf(part, sizeof(part), "%.*s", (int)(nl - s), s);
			text__put(&t, part);
			assert_in_range(t.col, 1, width);
			t.col = 0;
		}
		text__done(&t);
	}
}

static void text_flood(void **state)
{
	struct text_denials f = { 0 };
	struct denial d = passwd();
	unsigned int shown = 0;

	(void)state;
	te.ev.denial = &d;
	for (d.nth = 1; d.nth <= 100; d.nth++)
		shown += text_denial__shows(&f, &te.ev);
	assert_int_equal(shown, 5);
	assert_int_equal(f.hidden, 95);
	/* different ones, all in the same second */
	for (int i = 0; i < 100; i++) {
		d.nth = 1;
		shown += text_denial__shows(&f, &te.ev);
	}
	assert_int_equal(shown, 20);
	assert_int_equal(f.hidden, 180);
	record__header(&te.rec)->ts += NSEC_PER_SEC;
	assert_true(text_denial__shows(&f, &te.ev));
}

/* ---- the summary ---- */

static char *printed(int width, bool color)
{
	static char *buf;
	size_t len;
	FILE *f;
	char *const argv[] = { (char *)"prog", NULL };
	const struct run_info info = { .argv = argv, .policy = "strict" };
	struct run_result res = { .summary = sum, .denials = table };
	const struct text_style style = { .color = color, .width = width };

	free(buf);
	f = open_memstream(&buf, &len);
	assert_int_equal(summary__print(sum, &info, &res, &style, false, f), 0);
	fclose(f);
	return buf;
}

static void summary_blocked(void **state)
{
	struct denial clone3 = make(LAYER_SECCOMP, NULL, "syscall clone3", "absent");
	char *s;

	(void)state;
	clone3.expected = true;
	add(clone3, 3);
	add(passwd(), 1234);
	add(suggested(make(LAYER_MOUNT, "read", "/root/.ssh/id_rsa", "not in allow_read"), "filesystem.allow_read",
		      "/root/.ssh/id_rsa", "--read /root/.ssh/id_rsa", true), 1);
	add(suggested(make(LAYER_NETWORK, NULL, "connect 1.2.3.4:80", "not in network.allow"), "network.allow", "1.2.3.4:80",
		      "--net 1.2.3.4:80", false), 2);
	add(suggested(make(LAYER_CGROUP, NULL, "syscall clone", "limits.pids = 4"), "limits.pids", "8", "--pids 8", false), 1);
	add(suggested(make(LAYER_SECCOMP, NULL, "syscall socket(AF_UNIX)", "network.unix is off"), "network.unix", "true",
		      "--allow-unix", true), 1);
	add(make(LAYER_CAPABILITIES, NULL, "fchownat /x\033", "no CAP_CHOWN"), 1);
	s = printed(80, false);
	assert_non_null(strstr(s, "1,240 blocked · policy strict"));
	s = strstr(s, "\nblocked\n");
	assert_non_null(s);
	assert_string_equal(s, "\nblocked\n"
			       "  count  layer         what                    why\n"
			       "  1,234  mount         read /etc/passwd        not in allow_read\n"
			       "      2  network       connect 1.2.3.4:80      not in network.allow\n"
			       "      1  mount         read /root/.ssh/id_rsa  not in allow_read\n"
			       "      1  cgroup        clone                   limits.pids = 4\n"
			       "      1  seccomp       socket(AF_UNIX)         network.unix is off\n"
			       "      1  capabilities  fchownat /x\\x1b         no CAP_CHOWN\n"
			       "  expected, programs do without: clone3 ×3\n"
			       "\n"
			       "  to allow it:\n"
			       "    --read /etc/passwd --net 1.2.3.4:80 --pids 8\n"
			       "\n"
			       "  sensitive, think twice:\n"
			       "    --read /root/.ssh/id_rsa --allow-unix\n"
			       "\n"
			       "  or in a policy file:\n"
			       "    [filesystem]\n"
			       "    allow_read = [\n"
			       "      \"/etc/passwd\",\n"
			       "      # \"/root/.ssh/id_rsa\",  sensitive\n"
			       "    ]\n"
			       "    [network]\n"
			       "    allow = [\n"
			       "      \"1.2.3.4:80\",\n"
			       "    ]\n"
			       "    # unix = true  sensitive\n"
			       "    [limits]\n"
			       "    pids = 8\n"
			       "\n"
			       "  nothing can allow 1 of the above\n");
}

/* Many objects: the table ends, the counts do not; no line is wider than the screen. */
static void summary_flood(void **state)
{
	char object[256];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		snprintf(object, sizeof(object), "/etc/%d/%0*d", i, i % 200 + 1, i);
		add(suggested(make(LAYER_MOUNT, "create", object, "strict.toml:12:3 deny ~/.ssh and so on, at some length"),
			      "filesystem.allow_write", "/etc", "--write /etc", true), 1);
	}
	for (int width = 60; width <= 130; width += 10) {
		const char *s = strstr(printed(width, false), "\nblocked\n");
		struct text t;

		assert_non_null(s);
		text__init(&t, false);
		for (const char *nl; (nl = strchr(++s, '\n')); s = nl) {
			char line[1024];

			snprintf(line, sizeof(line), "%.*s", (int)(nl - s), s);
			t.col = 0;
			text__put(&t, line);
			assert_in_range(t.col, 0, MIN(width, 110));
		}
		text__done(&t);
	}
	assert_non_null(strstr(printed(80, false), "… and 2,980 more"));
	assert_non_null(strstr(printed(80, false), "  in all: mount 3,000\n"));
	/* one suggestion for them all */
	assert_null(strstr(strstr(printed(80, false), "--write /etc") + 1, "--write /etc"));
	assert_null(strstr(strstr(printed(80, false), "# \"/etc\",") + 4, "\"/etc\","));
	assert_non_null(strstr(printed(80, true), "\033[1;31mmount\033[0m"));
}

static void summary_limits_and_changes(void **state)
{
	struct change v[] = { { .kind = CHANGE_CREATED, .path = (char *)"/w/a\033", .mode = S_IFREG, .size = 5000, .hashed = true },
			      { .kind = CHANGE_DELETED, .path = (char *)"/w/b" } };
	struct changes c = { .v = v, .n = 2, .created = 1, .deleted = 1, .bytes = 8192, .truncated = true, .why = "entries" };
	struct limit_events l = { .oom_kills = 1, .memory_hits = 7, .pids_hits = 3, .throttled_ns = 5000000, .memory_peak = 1 << 20 };
	char *const argv[] = { (char *)"prog", NULL };
	const struct run_info info = { .argv = argv };
	struct run_result res = { .summary = sum, .limits = &l, .changes = &c };
	const struct text_style style = { .width = 80 };
	char *buf;
	size_t len;
	FILE *f = open_memstream(&buf, &len);

	(void)state;
	assert_int_equal(summary__print(sum, &info, &res, &style, false, f), 0);
	fclose(f);
	assert_non_null(strstr(buf, "overlay  1 created, 0 modified, 1 deleted, 8.0 KiB\n"
				    "  created    /w/a\\x1b                                                    4.8 KiB\n"
				    "  deleted    /w/b\n"
				    "  not complete: entries\n"));
	assert_non_null(strstr(buf, "limits\n"
				    "  memory     reached 7 times, 1 process killed for it; peak 1.0 MiB\n"
				    "  processes  3 forks refused\n"
				    "  cpu        held back for 5.0ms\n"));
	free(buf);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(json_denial), T(json_record), T(json_header), T(json_summary), T(text_lines), T(text_flood), T(summary_blocked),
		T(summary_flood), T(summary_limits_and_changes),
	};

	if (syscalls__init())
		return 1;
	return cmocka_run_group_tests_name("sandbox_output", tests, NULL, NULL);
}
