/* SPDX-License-Identifier: Apache-2.0 */
/* A policy from records: paths made absolute, directories that stand for their files, and what is never learnt. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/util.h"
#include "policy/learn.h"

static char *text; /* of the last policy */

/* Whatever ends in '/' or has no dot is a directory; below /gone there is nothing, and /link leads to /real. */
static enum learn_type look(void *ctx, const char *path, char *ret_name, char *ret_beside)
{
	const char *slash = strrchr(path, '/');

	(void)ctx;
	strcpy(ret_name, path);
	*ret_beside = 0;
	if (!strncmp(path, "/srv/gone", 9) || strstr(path, "/.") || strstr(path, "made"))
		return LEARN_NONE;
	if (!strcmp(path, "/srv/ln.k")) {
		strcpy(ret_name, "/srv/real/f.x");
		strcpy(ret_beside, "/srv/links");
	}
	return strchr(slash, '.') ? LEARN_FILE : LEARN_DIR;
}

#define BEGIN "{\"event_type\":\"header\",\"pid\":1,\"cwd\":\"/srv/w\",\"command\":[\"x\",\"a\\nb\"]}"
#define END "{\"event_type\":\"summary\",\"duration_ms\":30500}"

static void learn(const char *line, ...)
{
	const struct learn_opts o = { .home = "/home/u", .look = look };
	struct learn *l = learn__new(&o);
	size_t len;
	FILE *out;
	va_list ap;

	assert_int_equal(learn__line(l, BEGIN, strlen(BEGIN)), 0);
	va_start(ap, line);
	for (; line; line = va_arg(ap, const char *))
		assert_int_equal(learn__line(l, line, strlen(line)), 0);
	va_end(ap);
	assert_false(learn__complete(l));
	learn__line(l, END, strlen(END));
	assert_true(learn__complete(l));
	free(text);
	out = open_memstream(&text, &len);
	assert_int_equal(learn__print(l, "t.jsonl", out), 0);
	fclose(out);
	learn__free(l);
}

/* Is VALUE listed under KEY? */
static bool listed(const char *key, const char *value)
{
	char head[64], quoted[300];
	const char *p, *end, *at;

	snprintf(head, sizeof(head), "\n%s = [", key);
	snprintf(quoted, sizeof(quoted), "\t\"%s\",", value);
	p = strstr(text, head);
	end = p ? strstr(p, "\n]") : NULL;
	at = p ? strstr(p, quoted) : NULL;
	return at && at < end;
}

#define CALL(pid, call, args, ret)                                                                                          \
	"{\"event_type\":\"syscall\",\"pid\":" #pid ",\"syscall\":\"" call "\",\"args\":{\"decoded\":{" args                  \
	"}},\"return_value\":" #ret ",\"action\":\"allow\"}"
#define OPEN(pid, path) CALL(pid, "openat", "\"dirfd\":\"AT_FDCWD\",\"path\":\"" path "\",\"flags\":\"O_RDONLY\"", 3)

static void test_paths(void **state)
{
	(void)state;
	learn(OPEN(1, "a.c"), CALL(1, "chdir", "\"path\":\"../v/./x\"", 0), OPEN(1, "b.c"),
	      "{\"event_type\":\"process\",\"action\":\"spawned\",\"pid\":1,\"child_pid\":2}", OPEN(2, "../c.c"),
	      CALL(2, "openat", "\"dirfd\":\"AT_FDCWD\",\"path\":\"/srv/dir\",\"flags\":\"O_DIRECTORY\"", 7),
	      CALL(2, "openat", "\"dirfd\":7,\"path\":\"d.c\",\"flags\":\"O_RDONLY\"", 8),
	      CALL(2, "openat", "\"dirfd\":9,\"path\":\"e.c\",\"flags\":\"O_RDONLY\"", 8),
	      CALL(1, "openat", "\"dirfd\":\"AT_FDCWD\",\"path\":\"/srv/fail.c\",\"flags\":\"O_RDONLY\"", -2), NULL);
	assert_true(listed("allow_read", "/srv/w/a.c"));
	assert_true(listed("allow_read", "/srv/v/x/b.c"));
	assert_true(listed("allow_read", "/srv/v/c.c"));
	assert_true(listed("allow_read", "/srv/dir"));
	assert_false(listed("allow_read", "/srv/dir/d.c")); /* in what was opened whole */
	assert_null(strstr(text, "fail.c"));
	assert_non_null(strstr(text, "# 1 calls named a path relative"));
	assert_non_null(strstr(text, "timeout = 90"));
	assert_null(strstr(text, "\nb")); /* a newline in the command's name */
}

static void test_collapse(void **state)
{
	(void)state;
	learn(OPEN(1, "/srv/p/q/1.c"), OPEN(1, "/srv/p/q/2.c"), OPEN(1, "/srv/p/q/3.c"), OPEN(1, "/srv/p/q/4.c"),
	      OPEN(1, "/etc/1.c"), OPEN(1, "/etc/2.c"), OPEN(1, "/etc/3.c"), OPEN(1, "/etc/4.c"), OPEN(1, "/home/u/1.c"),
	      OPEN(1, "/home/u/2.c"), OPEN(1, "/home/u/3.c"), OPEN(1, "/home/u/4.c"), OPEN(1, "/1.c"), OPEN(1, "/2.c"),
	      OPEN(1, "/3.c"), OPEN(1, "/4.c"), OPEN(1, "/usr/lib/x.so"), OPEN(1, "/srv/ln.k"), NULL);
	assert_true(listed("allow_read", "/srv/p/q"));
	assert_false(listed("allow_read", "/srv/p/q/1.c"));
	assert_true(listed("allow_read", "/etc/1.c"));
	assert_false(listed("allow_read", "/etc"));
	assert_true(listed("allow_read", "/home/u/4.c"));
	assert_false(listed("allow_read", "/home/u"));
	assert_true(listed("allow_read", "/1.c"));
	assert_false(listed("allow_read", "/"));
	assert_true(listed("allow_read", "/usr"));
	assert_true(listed("allow_read", "/srv/real/f.x")); /* a link is named by what it leads to */
	assert_true(listed("allow_read", "/srv/links"));
}

static void test_writes(void **state)
{
	(void)state;
	learn(CALL(1, "openat", "\"dirfd\":\"AT_FDCWD\",\"path\":\"/srv/out/n.o\",\"flags\":\"O_WRONLY|O_CREAT\"", 3),
	      CALL(1, "openat", "\"dirfd\":\"AT_FDCWD\",\"path\":\"/srv/old/n.o\",\"flags\":\"O_RDWR\"", 3),
	      CALL(1, "mkdir", "\"path\":\"/srv/top/made/made\"", 0), CALL(1, "rename", "\"oldpath\":\"/srv/r1/a.b\",\"newpath\":\"/srv/r2/a.b\"", 0),
	      CALL(1, "unlink", "\"path\":\"/etc/x.y\"", 0), CALL(1, "unlink", "\"path\":\"/tmp/made\"", 0), NULL);
	assert_true(listed("allow_write", "/srv/out"));
	assert_true(listed("allow_write", "/srv/old/n.o"));
	assert_true(listed("allow_write", "/srv/top"));
	assert_true(listed("allow_write", "/srv/r1"));
	assert_true(listed("allow_write", "/srv/r2"));
	assert_false(listed("allow_write", "/etc"));
	assert_null(strstr(text, "\"/tmp"));
}

static void test_denials(void **state)
{
	(void)state;
	learn("{\"event_type\":\"syscall\",\"pid\":1,\"syscall\":\"openat\",\"args\":{\"decoded\":{}},\"return_value\":-2,\"action\":\"deny\","
	      "\"denial\":{\"layer\":\"mount\",\"access\":\"read\",\"object\":\"/srv/want.c\"}}",
	      "{\"event_type\":\"syscall\",\"pid\":1,\"syscall\":\"execve\",\"args\":{\"decoded\":{}},\"return_value\":-13,\"action\":\"deny\","
	      "\"denial\":{\"layer\":\"exec\",\"access\":\"execute\",\"object\":\"/usr/bin/t.x\"}}",
	      "{\"event_type\":\"process\",\"action\":\"exec\",\"pid\":1,\"path\":\"/srv/run.sh\",\"cwd\":\"/srv\"}",
	      "{\"event_type\":\"syscall\",\"pid\":1,\"syscall\":\"openat\",\"args\":{\"decoded\":{}},\"return_value\":-2,\"action\":\"deny\","
	      "\"denial\":{\"layer\":\"mount\",\"access\":\"read\",\"object\":\"/srv/search.c\",\"expected\":true}}",
	      "{\"event_type\":\"syscall\",\"pid\":1,\"syscall\":\"mount\",\"args\":{\"decoded\":{}},\"return_value\":-1,\"action\":\"deny\","
	      "\"denial\":{\"layer\":\"seccomp\",\"suggest\":{\"key\":\"syscalls.allow\",\"value\":\"mount\"}}}",
	      "{\"event_type\":\"syscall\",\"pid\":1,\"syscall\":\"connect\",\"args\":{\"decoded\":{\"addr\":{\"family\":\"AF_INET\",\"address\":\"192.0.2.1\","
	      "\"port\":443}}},\"return_value\":-101,\"action\":\"deny\",\"denial\":{\"layer\":\"network\"}}",
	      CALL(1, "connect", "\"addr\":{\"family\":\"AF_INET6\",\"address\":\"2001:db8::1\",\"port\":80}", -115),
	      CALL(1, "connect", "\"addr\":{\"family\":\"AF_INET\",\"address\":\"1\\\"\\nx\",\"port\":80}", 0), NULL);
	assert_true(listed("allow_read", "/srv/want.c"));
	assert_true(listed("allow_exec", "/usr/bin/t.x"));
	assert_true(listed("allow_exec", "/srv/run.sh"));
	assert_null(strstr(text, "search.c"));
	assert_non_null(strstr(text, "[syscalls]\nallow = [\n\t\"mount\","));
	assert_non_null(strstr(text, "\t\"192.0.2.1:443\","));
	assert_non_null(strstr(text, "\t\"[2001:db8::1]:80\","));
	assert_null(strstr(text, "\nx"));
}

static void test_secrets(void **state)
{
	static const char *const secret[] = { "/home/u/.ssh/id_rsa", "/root/.aws/credentials", "/srv/p/.env", "/srv/p/.env.local",
					      "/srv/.npmrc", "/etc/shadow", "/etc/ssl/private/k.pem", "/srv/tls/server.key",
					      "/home/u/.config/gh/hosts.yml", "/home/u/.docker/config.json", "/srv/id_ed25519" };
	static const char *const plain[] = { "/srv/p/environment", "/etc/ssl/certs/x.pem", "/usr/share/x.key", "/srv/id_rsa.pub",
					     "/srv/p/node_modules/a/test.pem", "/srv/my.envelope", "/etc/passwd" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(secret); i++)
		if (!learn__is_secret(secret[i]))
			fail_msg("%s is a secret", secret[i]);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (learn__is_secret(plain[i]))
			fail_msg("%s is no secret", plain[i]);
	learn(OPEN(1, "/srv/tls/server.key"), NULL);
	assert_false(listed("allow_read", "/srv/tls/server.key"));
	assert_non_null(strstr(text, "# /srv/tls/server.key: looks like a credential: not learnt (1 time)\n"));
}

static void test_bad_lines(void **state)
{
	static const char *const bad[] = { "x", "{", "[1]", "{}", "{\"event_type\":1}", "\"event_type\"", "{\"event_type\":\"syscall\"" };
	static const char *const odd[] = { "{\"event_type\":\"syscall\",\"args\":1}", "{\"event_type\":\"syscall\",\"syscall\":\"open\",\"args\":{\"decoded\":[]}}",
					   "{\"event_type\":\"process\",\"action\":\"exec\",\"path\":null}", "{\"event_type\":\"header\",\"command\":[1,null]}",
					   "{\"event_type\":\"process\",\"action\":\"spawned\",\"pid\":5,\"child_pid\":5}", "{\"event_type\":\"new\"}" };
	const struct learn_opts o = { .look = look };
	struct learn *l = learn__new(&o);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(learn__line(l, bad[i], strlen(bad[i])), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		assert_int_equal(learn__line(l, odd[i], strlen(odd[i])), 0);
	assert_int_equal(learn__line(l, "", 0), 0);
	learn__free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),	cmocka_unit_test(test_collapse), cmocka_unit_test(test_writes),
		cmocka_unit_test(test_denials), cmocka_unit_test(test_secrets),	 cmocka_unit_test(test_bad_lines),
	};
	int rc = cmocka_run_group_tests_name("learn", tests, NULL, NULL);

	free(text);
	return rc;
}
