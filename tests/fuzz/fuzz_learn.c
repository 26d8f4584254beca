/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any lines as a trace: what is learnt from them is a policy that loads, grants no credential, and never all of the
 * system, whatever names a trace holds.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/learn.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file system made of the name alone, so that all kinds occur. */
static enum learn_type look(void *ctx, const char *path, char *ret_name, char *ret_beside)
{
	unsigned int sum = 0;

	(void)ctx;
	for (const char *p = path; *p; p++)
		sum = sum * 31 + (unsigned char)*p;
	strcpy(ret_name, path);
	*ret_beside = 0;
	if (sum % 16 == 15 && strlen(path) < 4000)
		strcpy(ret_beside, "/srv/links");
	return !strcmp(path, "/") ? LEARN_DIR : (enum learn_type)(sum % 4);
}

static int no_file(void *ctx, const char *file, size_t max, char **ret_text, size_t *ret_len)
{
	(void)ctx, (void)file, (void)max, (void)ret_text, (void)ret_len;
	return -2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy_env env = { .home = "/home/u", .cwd = "/", .read_file = no_file };
	const struct learn_opts o = { .home = "/home/u", .look = look };
	struct learn *l = learn__new(&o);
	struct policy *p = policy__new();
	struct policy_error e = { 0 };
	char *text = NULL, *copy = malloc(size + 1), *save = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	memcpy(copy, data, size);
	copy[size] = 0;
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		learn__line(l, line, strlen(line));
	if (learn__print(l, "t", out))
		abort();
	fclose(out);
	/* what is too large for a policy is said when it is checked, and not written */
	if (len < (200u << 10) && (policy__load_text(p, "learnt", text, len, &env, &e) || policy__finish(p, &e))) {
		fprintf(stderr, "%s\n%s\n", e.text, text);
		abort();
	}
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct policy_rule *r = &p->rules[i];

		if (r->kind <= RULE_EXEC && (!strcmp(r->value, "/") || !strcmp(r->value, "/home/u") || !strcmp(r->value, "/etc") ||
					     (!r->pattern && learn__is_secret(r->value)))) {
			fprintf(stderr, "grants %s\n%s\n", r->value, text);
			abort();
		}
	}
	policy__free(p);
	learn__free(l);
	free(copy);
	free(text);
	return 0;
}
