/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of watched.h, asked as the kernel asks them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "findings/rules.h"
#include "findings/watched.h"

static struct watched w;

static void begin(void) { memset(&w, 0, sizeof(w)); }

static void begin_with_rules(void)
{
	begin();
	assert_int_equal(watched__add_rules(&w), 0);
	watched__finish(&w);
}

/* An unused bit keeps nothing: what no pattern is about is not found. */
static void is(const char *path, bool expected)
{
	if (watched__match(&w, path) != expected)
		fail_msg("%s is %s", path, expected ? "not watched" : "watched");
}

static void rules(void **state)
{
	(void)state;
	begin_with_rules();
	is("/root/.ssh/id_rsa", true);
	is("/root/.ssh", true);
	is("/root/.ssh/a/b/deep", true);
	is("/root/.ssh/a/b/c/too-deep", false);
	is("/root/.sshd/x", false);
	is("/root/xssh/id_rsa", false);
	is("/etc/shadow", true);
	is("/etc/shadow-", true);
	is("/etc/shado", false);
	is("/etc/passwd", true);
	is("/usr/bin/passwd", false);
	is("/srv/rootfs/etc/shadow", true); /* wherever such a tree begins */
	is("/home/u/.aws/credentials", true);
	is("/home/u/.aws/cli", false);
	is("/home/u/project/.git/config", false);
	is("/home/u/.kube/config", true);
	is("/home/u/.config/gcloud/x/y", true);
	is("/home/u/.config/other/x", false);
	is("/srv/app/.env", true);
	is("/srv/app/.env.production", true);
	is("/srv/app/.environment", false);
	is("/home/u/.bash_history", true);
	is("/home/u/.bashrc_history", false);
	is("/home/u/.config/google-chrome/Default/Cookies-journal", true);
	is("/home/u/.mozilla/firefox/abc.default/logins.json", true);
	is("/home/u/.mozilla/firefox/abc.default/prefs.js", false);
	is("/proc/1/environ", true);
	is("/proc/1/status", false);
	is("/proc/kcore", true);
	is("/etc/hosts", false);
	is("/usr/lib/x86_64-linux-gnu/libc.so.6", false);
	is("/usr/include/stdio.h", false);
	is("/tmp/x", false);
	is("/", false);
	is("", false);
}

/* Every pattern about reading is found by the kernel, or spelled out. */
static void none_is_left_out(void **state)
{
	(void)state;
	begin_with_rules();
	for (size_t i = 0; i < n_path_rules; i++) {
		const char *p = path_rules[i].pattern;
		char path[256] = "";
		size_t n = 0;

		if (!(path_rules[i].uses & USE_READ))
			continue;
		for (; *p && n < sizeof(path) - 8; p++) {
			if (p == path_rules[i].pattern && *p != '/')
				path[n++] = '/';
			if (!strncmp(p, "**", 2)) {
				path[n++] = 'q';
				p++;
			} else {
				path[n++] = *p == '*' || *p == '?' ? 'q' : *p;
			}
		}
		if (!strcmp(path_rules[i].pattern, "**/.*_history"))
			strcpy(path, "/q/.bash_history");
		assert_true(rule__glob(path_rules[i].pattern, path, strlen(path)));
		is(path, true);
	}
	assert_in_range(w.n_patterns, 40, 64 * ST_WATCH_WORDS * 3 / 4); /* room for --watch */
}

static void own(void **state)
{
	(void)state;
	begin();
	assert_int_equal(watched__add(&w, "secret.txt"), 0);
	assert_int_equal(watched__add(&w, "/srv/data/keys/"), 0);
	assert_int_equal(watched__add(&w, "id_*"), 0);
	assert_int_equal(watched__add(&w, "id_special"), 0);
	watched__finish(&w);
	is("/x/secret.txt", true);
	is("/x/secret.txt/below", true);
	is("/x/secret.txt.bak", false);
	is("/srv/data/keys", true);
	is("/srv/data/keys/a", true);
	is("/srv/data/keys/a/b/c", true);
	is("/srv/other/keys/a", false);
	is("/data/keys", false); /* all that is given counts */
	is("/x/id_rsa", true);
	is("/x/id_special", true);
	is("/x/id_special2", true);
	is("/x/id", false);
}

static void refused(void **state)
{
	char name[80];

	(void)state;
	begin();
	assert_int_equal(watched__add(&w, "*"), -EINVAL);
	assert_int_equal(watched__add(&w, "*.pem"), -EINVAL);
	assert_int_equal(watched__add(&w, "/"), -EINVAL);
	assert_int_equal(watched__add(&w, "ab"), -EINVAL);
	memset(name, 'n', sizeof(name));
	name[63] = 0;
	assert_int_equal(watched__add(&w, name), -ENAMETOOLONG);
	name[62] = 0;
	assert_int_equal(watched__add(&w, name), 0);
	watched__finish(&w);
	is(name, true);
	name[62] = 'n'; /* a longer name is never taken for a shorter one */
	name[70] = 0;
	is(name, false);
	for (int i = 0; i < 63; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		assert_int_equal(watched__add(&w, name), 0);
	}
	assert_int_equal(watched__add(&w, "one-more"), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(none_is_left_out),
		cmocka_unit_test(own),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
