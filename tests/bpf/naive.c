/* SPDX-License-Identifier: Apache-2.0 */
#include "naive.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "bpf_test.h"

static const char *after(const char *s)
{
	s += strcspn(s, "/");
	return s + strspn(s, "/");
}

bool naive__matches(const char *pattern, const char *path, bool dots)
{
	char glob[256], name[256];

	pattern += strspn(pattern, "/");
	path += strspn(path, "/");
	if (!*pattern)
		return true;
	if (!strncmp(pattern, "**/", 3))
		return naive__matches(pattern + 3, path, dots) ||
		       (*path && (dots || *path != '.') && naive__matches(pattern, after(path), dots));
	if (!*path)
		return false;
	snprintf(glob, sizeof(glob), "%.*s", (int)strcspn(pattern, "/"), pattern);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, "/"), path);
	return !fnmatch(glob, name, FNM_NOESCAPE | (dots ? 0 : FNM_PERIOD)) &&
	       naive__matches(after(pattern), after(path), dots);
}

static void test_naive(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool dots, want;
	} v[] = {
		{ "/a/b", "/a/b", true, true }, { "/a/b", "/a/b/c", true, true },
		{ "/a/b", "/a/bc", true, false }, { "/a/b", "/a", true, false },
		{ "/a/*.k", "/a/x.k", true, true }, { "/a/*.k", "/a/x.kk", true, false },
		{ "/a/*.k", "/a/b/x.k", true, false }, { "/a/*.k", "/a/.k", true, true },
		{ "/a/*.k", "/a/.k", false, false }, { "/a/**/x", "/a/x", true, true },
		{ "/a/**/x", "/a/b/c/x/d", true, true }, { "/a/**/x", "/a/.b/x", false, false },
		{ "**/x", "/q/x", true, true }, { "/a/*/x", "/a/b/x", true, true },
		{ "/a/*/x", "/a/x", true, false }, { "/a/*/x", "/a/b/c/x", true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		if (naive__matches(v[i].pattern, v[i].path, v[i].dots) != v[i].want)
			fail_msg("%s and %s", v[i].pattern, v[i].path);
}

int run_naive_tests(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_naive) };

	return cmocka_run_group_tests_name("the matcher to compare with", tests, NULL, NULL);
}
