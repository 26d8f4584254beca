/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merged policy as TOML: absolute, sorted, every value stated, so that equal policies have equal text and equal
 * hashes whatever they were made from.
 */
#include "policy_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy_when.h"


void policy_print__string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04X", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* What is a string in a list with one key may be a table with more. */
static const char *element_key(enum rule_kind kind)
{
	return kind == RULE_NET ? "host" : kind == RULE_SYSCALL_DENY ? "call" : "path";
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How R is to be written so that it is read the same, as an element of a list. malloc'ed. */
static char *written(const struct policy_rule *r)
{
	_cleanup_(free) char *value = rule_kind__is_path(r->kind) && !r->pattern ? value__escape(r->value) : strdup(r->value);
	char *text = NULL;
	size_t len;
	FILE *out = value ? open_memstream(&text, &len) : NULL;

	if (!out)
		return NULL;
	if (r->action || r->when)
		fprintf(out, "{ %s = ", element_key(r->kind));
	policy_print__string(out, value);
	if (r->action)
		fprintf(out, ", action = \"%s\"", rule_action__name(r->action));
	if (r->when)
		fprintf(out, ", when = %s", r->when->text);
	if (r->action || r->when)
		fputs(" }", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* FIRST, when not NULL, is printed before the rules; ALWAYS: also an empty list. 0 or -1: no memory. */
static int print_list(FILE *out, const struct policy *p, const char *key, enum rule_kind kind, const char *first, bool always)
{
	_cleanup_(free) char **v = calloc(p->n_rules + 1, sizeof(*v));
	size_t n = 0;
	int err = v ? 0 : -1;

	for (size_t i = 0; !err && i < p->n_rules; i++) {
		if (p->rules[i].kind != kind)
			continue;
		v[n] = written(&p->rules[i]);
		err = v[n] ? 0 : -1;
		n += !err;
	}
	if (n)
		qsort(v, n, sizeof(*v), by_text);
	if (!err && (n || first || always)) {
		fprintf(out, "%s = [%s", key, n || first ? "\n" : "");
		if (first) {
			fputc('\t', out);
			policy_print__string(out, first);
			fputs(",\n", out);
		}
		for (size_t i = 0; i < n; i++) {
			if (i && !strcmp(v[i - 1], v[i]))
				continue;
			fprintf(out, "\t%s,\n", v[i]);
		}
		fputs("]\n", out);
	}
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	return err;
}

/* 1500 thousandths as "1.5". */
static void print_scaled(FILE *out, uint64_t v, uint64_t scale, int digits)
{
	char frac[16];
	size_t n;

	fprintf(out, "%llu", (unsigned long long)(v / scale));
	snprintf(frac, sizeof(frac), "%0*llu", digits, (unsigned long long)(v % scale));
	n = strlen(frac);
	while (n && frac[n - 1] == '0')
		n--;
	if (n)
		fprintf(out, ".%.*s", (int)n, frac);
}

static void print_limits(FILE *out, const struct policy *p)
{
	fputs("\n[limits]\n", out);
	for (size_t i = 0; i < policy_n_limits; i++) {
		const struct limit_key *k = &policy_limits[i];
		const struct policy_u64 *v = (const void *)((const char *)p + k->offset);

		/* before policy__finish, what nobody set; and the second name of one limit */
		if ((!v->src.name && !v->value) || !strcmp(k->key, "max_processes"))
			continue;
		fprintf(out, "%s = ", k->key);
		if (v->value == POLICY_UNLIMITED) {
			fputs("\"unlimited\"", out);
		} else if (k->unit == LIMIT_TIME) {
			fputc('"', out);
			print_scaled(out, v->value, NSEC_PER_SEC, 9);
			fputs("s\"", out);
		} else if (k->unit == LIMIT_CPUS) {
			print_scaled(out, v->value, 1000, 3);
		} else {
			fprintf(out, "%llu", (unsigned long long)v->value);
		}
		fputc('\n', out);
	}
}

/* Names alone: values may be secret. */
static int print_env_set(FILE *out, const struct policy *p)
{
	_cleanup_(free) char **v = calloc(p->n_rules + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return -1;
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind == RULE_ENV_SET)
			v[n++] = p->rules[i].text;
	if (!n)
		return 0;
	qsort(v, n, sizeof(*v), by_text);
	fputs("\n[env.set] # values are not shown\n", out);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(v[i - 1], v[i]))
			fprintf(out, "%s = \"\"\n", v[i]);
	return 0;
}

static int print_all(FILE *out, const struct policy *p)
{
	int err = 0;

	fputs("[filesystem]\n", out);
	err |= print_list(out, p, "allow_read", RULE_READ, NULL, false);
	err |= print_list(out, p, "allow_write", RULE_WRITE, NULL, false);
	if (p->exec != EXEC_COMMAND)
		err |= print_list(out, p, "allow_exec", RULE_EXEC, p->exec == EXEC_ANY ? "**" : NULL, true);
	err |= print_list(out, p, "deny", RULE_DENY, NULL, false);
	err |= print_list(out, p, "deny_write", RULE_DENY_WRITE, NULL, false);
	err |= print_list(out, p, "deny_exec", RULE_DENY_EXEC, NULL, false);
	fprintf(out, "synthetic = [%s%s%s]\n", p->synth_identity ? "\"identity\"" : "",
		p->synth_identity && p->synth_hosts ? ", " : "", p->synth_hosts ? "\"hosts\"" : "");
	fprintf(out, "overlay = %s\nprotect_project = %s\n", p->overlay ? "true" : "false", p->protect_project ? "true" : "false");
	fputs("\n[network]\n", out);
	if (p->net_all)
		fputs("allow = true\n", out);
	else
		err |= print_list(out, p, "allow", RULE_NET, NULL, true);
	fprintf(out, "unix = %s\n", p->unix_sockets ? "true" : "false");
	fputs("\n[syscalls]\n", out);
	err |= print_list(out, p, "deny", RULE_SYSCALL_DENY, NULL, false);
	err |= print_list(out, p, "log_only", RULE_SYSCALL_LOG, NULL, false);
	err |= print_list(out, p, "allow", RULE_SYSCALL_ALLOW, NULL, false);
	fprintf(out, "\n[seccomp]\nprofile = \"%s\"\n", p->seccomp == SECCOMP_PROFILE_STRICT ? "strict" : "default");
	print_limits(out, p);
	fputs("\n[env]\n", out);
	err |= print_list(out, p, "allow", RULE_ENV_ALLOW, NULL, false);
	err |= print_list(out, p, "strip", RULE_ENV_STRIP, NULL, false);
	return err | print_env_set(out, p);
}

char *policy__print(const struct policy *p)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!out)
		return NULL;
	err = print_all(out, p);
	if (fclose(out) || err) {
		free(text);
		return NULL;
	}
	return text;
}
