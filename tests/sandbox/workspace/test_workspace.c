/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas, path rules, command length, and the manifest, in a directory of its own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "sandbox/manifest.h"
#include "sandbox/workspace.h"

static char dir[] = "/tmp/workspace-XXXXXX";
static struct workspace_report rep;

static int begin(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/workspace-XXXXXX");
	return !mkdtemp(dir) || chdir(dir);
}

static int end(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return chdir("/") || system(cmd);
}

static void file(const char *name, const char *text, off_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	if (size)
		assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static int check(const struct workspace_quota *q)
{
	return workspace__check_tree(dir, q, &rep);
}

static void counts_what_is_there(void **state)
{
	(void)state;
	assert_int_equal(mkdir("a", 0755) | mkdir("a/b", 0755) | symlink("/etc", "a/link") | mkfifo("fifo", 0600), 0);
	file("x", "12345", 0);
	file("a/b/y", "123", 0);
	assert_int_equal(check(&workspace_default_quota), 0);
	assert_null(rep.code);
	assert_int_equal(rep.files, 2);
	assert_int_equal(rep.dirs, 2);
	assert_int_equal(rep.links, 1); /* and not what is in /etc */
	assert_int_equal(rep.others, 1);
	assert_int_equal(rep.total_bytes, 8);
	assert_int_equal(rep.largest, 5);
}

static void each_quota_at_its_edge(void **state)
{
	struct workspace_quota q = { 0 };

	(void)state;
	file("x", "", 1000);
	file("y", "", 500);
	assert_int_equal(check(&q), 0); /* 0: no limit */
	q = (struct workspace_quota){ .files = 2, .file_bytes = 1000, .total_bytes = 1500 };
	assert_int_equal(check(&q), 0);
	q.files = 1;
	assert_int_equal(check(&q), -EDQUOT);
	assert_string_equal(rep.code, "file_count");
	q = (struct workspace_quota){ .file_bytes = 999 };
	assert_int_equal(check(&q), -EDQUOT);
	assert_string_equal(rep.code, "file_size");
	assert_non_null(strstr(rep.text, "x has 1000 bytes"));
	q = (struct workspace_quota){ .total_bytes = 1499 };
	assert_int_equal(check(&q), -EDQUOT);
	assert_string_equal(rep.code, "total_bytes");
}

/* The figures of the table: 2,001 files, one of 3 MiB, 60 of 1 MiB. */
static void default_quotas(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		file(name, "", 1 << 20);
	}
	assert_int_equal(check(&workspace_default_quota), -EDQUOT);
	assert_string_equal(rep.code, "total_bytes");
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		assert_int_equal(unlink(name), 0);
	}
	for (int i = 0; i < 2001; i++) {
		if (i == 2000)
			assert_int_equal(check(&workspace_default_quota), 0);
		snprintf(name, sizeof(name), "f%d", i);
		file(name, "", 0);
	}
	assert_int_equal(check(&workspace_default_quota), -EDQUOT);
	assert_string_equal(rep.code, "file_count");
	assert_int_equal(unlink("f1") | unlink("f2"), 0);
	file("big\n\x1b", "", 3 << 20);
	assert_int_equal(check(&workspace_default_quota), -EDQUOT);
	assert_string_equal(rep.code, "file_size");
	assert_non_null(strstr(rep.text, "big\\x0a\\x1b"));
}

/* What is staged is a copy: holes count. */
static void a_sparse_file_counts_its_size(void **state)
{
	struct workspace_quota q = { .total_bytes = 1u << 30 };

	(void)state;
	file("sparse", "", 1LL << 40);
	assert_int_equal(check(&q), -EDQUOT);
	assert_string_equal(rep.code, "total_bytes");
}

static void links_and_depth(void **state)
{
	(void)state;
	assert_int_equal(symlink("/etc", "l"), 0);
	assert_int_equal(workspace__check_tree("l", &workspace_default_quota, &rep), -ENOTDIR);
	assert_int_equal(workspace__check_tree("absent", &workspace_default_quota, &rep), -ENOENT);
	for (int i = 0; i < 300; i++)
		assert_int_equal(mkdir("d", 0755) | chdir("d"), 0);
	assert_int_equal(check(&workspace_default_quota), -EDQUOT);
	assert_string_equal(rep.code, "depth");
}

static void paths(void **state)
{
	static const struct { const char *path; size_t len; int ret; } t[] = {
		{ "", 0, -EINVAL }, { "a", 1, 0 }, { "a/b.txt", 7, 0 }, { "a..b", 4, 0 }, { "...", 3, 0 }, { "..a/b..", 7, 0 },
		{ ".", 1, 0 }, { "..", 2, -EINVAL }, { "../a", 4, -EINVAL }, { "a/..", 4, -EINVAL }, { "a/../b", 6, -EINVAL },
		{ "/a", 2, -EINVAL }, { "a\0b", 3, -EINVAL }, { "a\nb", 3, -EINVAL }, { "a\x7f", 2, -EINVAL }, { "a\\b", 3, -EINVAL },
		{ "..\\b", 4, -EINVAL }, { "\xc3\xa4", 2, 0 }, { "a//b", 4, 0 },
	};
	char name[5000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(workspace__check_path(t[i].path, t[i].len, &rep), t[i].ret);
		assert_int_equal(!rep.code, !t[i].ret);
		assert_true(!memchr(t[i].path, 0, t[i].len) || strstr(rep.text, "NUL"));
	}
	memset(name, 'x', sizeof(name));
	assert_int_equal(workspace__check_path(name, 255, &rep), 0);
	assert_int_equal(workspace__check_path(name, 256, &rep), -EINVAL);
	for (size_t i = 200; i < sizeof(name); i += 200)
		name[i] = '/';
	assert_int_equal(workspace__check_path(name, 4095, &rep), 0);
	assert_int_equal(workspace__check_path(name, 4096, &rep), -EINVAL);
}

static void commands(void **state)
{
	char text[4098];
	char *argv[] = { "a", text, NULL }, *none[] = { NULL };

	(void)state;
	memset(text, 'x', sizeof(text));
	text[4094] = 0;
	assert_int_equal(workspace__check_command(argv, &workspace_default_quota, &rep), 0);
	text[4094] = 'x';
	text[4095] = 0;
	assert_int_equal(workspace__check_command(argv, &workspace_default_quota, &rep), -EDQUOT);
	assert_string_equal(rep.code, "command_length");
	assert_int_equal(workspace__check_command(none, &workspace_default_quota, &rep), -EINVAL);
}

static void manifest_holds_names_not_values(void **state)
{
	static const char *const layers[] = { "mount", "seccomp", NULL }, *const artifacts[] = { "trace", "gone", "link", "fifo", NULL };
	struct policy_rule rules[] = { { .kind = RULE_ENV_SET, .value = "KEY=geheim" }, { .kind = RULE_ENV_ALLOW, .value = "LANG" } };
	struct policy policy = { .rules = rules, .n_rules = 2 };
	char *host[] = { "LANG=geheim", "A_TOKEN=geheim", NULL };
	struct sandbox_env env;
	struct manifest m = { .run_id = "r\"1", .provider = "sandtrace", .layers = layers, .policy_name = "strict", .policy_sha256 = "ab",
			      .env = &env, .workspace = &rep, .artifacts = artifacts, .exit_kind = "exited", .exit_code = 3 };
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	char text[4096];
	struct stat st;

	(void)state;
	assert_int_equal(environ__build(&policy, host, "/h", &env), 0);
	file("trace", "abc", 0);
	file("secret", "x", 0);
	assert_int_equal(symlink("secret", "link") | mkfifo("fifo", 0600), 0);
	/* What stands where the manifest goes is replaced, not written through. */
	assert_int_equal(symlink("secret", "m.json"), 0);
	assert_int_equal(check(&workspace_default_quota), 0);
	umask(0);
	assert_int_equal(manifest__write(fd, "m.json", &m), 0);
	assert_int_equal(lstat("m.json", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_true(read_file_str("m.json", text, sizeof(text)) > 0);
	assert_null(strstr(text, "geheim"));
	assert_non_null(strstr(text, "\"run_id\":\"r\\\"1\""));
	assert_non_null(strstr(text, "{\"path\":\"trace\",\"size\":3,\"sha256\":"
				     "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}"));
	assert_non_null(strstr(text, "{\"path\":\"gone\",\"error\":"));
	assert_non_null(strstr(text, "{\"path\":\"link\",\"error\":"));
	assert_non_null(strstr(text, "{\"path\":\"fifo\",\"error\":"));
	assert_non_null(strstr(text, "\"file_count\":2,\"total_bytes\":4"));
	assert_non_null(strstr(text, "\"injected\":[\"LANG\",\"KEY\",\"HOME\",\"TMPDIR\",\"PATH\",\"SANDTRACE\"],\"stripped\":[\"A_TOKEN\"]"));
	assert_non_null(strstr(text, "\"layers\":[\"mount\",\"seccomp\"]"));
	assert_non_null(strstr(text, "\"sha256\":\"ab\""));
	assert_true(read_file_str("secret", text, sizeof(text)) == 1);
	assert_true(manifest__write(fd, "no/such", &m) < 0);
	assert_int_equal(check(&workspace_default_quota), 0);
	assert_int_equal(rep.files, 3); /* no temporary file was left */
	environ__done(&env);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
		TEST(counts_what_is_there), TEST(each_quota_at_its_edge), TEST(default_quotas), TEST(a_sparse_file_counts_its_size),
		TEST(links_and_depth), TEST(paths), TEST(commands), TEST(manifest_holds_names_not_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
