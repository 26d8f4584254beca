/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict on every system call, and its print. Order: the ten that are always blocked, the policy's own denials, the
 * restriction of execution, the policy's allowances, the profile. Pure.
 */
#include "seccomp_table.h"

#include <inttypes.h>
#include <string.h>

#include "base/util.h"
#include "event/syscalls.h"
#include "sink/json.h"

enum cond_id {
	COND_NONE, COND_CLONE, COND_UNSHARE, COND_IOCTL, COND_MKNOD, COND_MKNODAT, COND_MEMFD, COND_PERSONALITY,
	COND_PRCTL, COND_SOCKET, COND_SOCKET_UNIX, COND_SOCKET_NO_UNIX, COND_SOCKETPAIR, COND_SOCKETPAIR_UNIX, COND_MODE1, COND_MODE2, COND_OPEN,
	COND_OPENAT, COND_SETRLIMIT, COND_PRLIMIT,
};
enum group_id {
	G_ALWAYS, G_MOUNT, G_NAMESPACE, G_CLONE3, G_KERNEL, G_PROCESS, G_KEYS, G_HANDLE, G_NUMA, G_SYSTEM, G_HARDWARE,
	G_HIDE, G_OBSOLETE, G_TERMINAL, G_DEVICE, G_PERSONALITY, G_FORGE, G_SOCKET, G_LOCK, G_SET_ID, G_OPENAT2, G_CORE,
};
struct group {
	const char *reason;
	enum seccomp_verdict verdict;
};
struct row {
	const char *name;
	enum group_id group;
	enum cond_id cond; /* COND_NONE: refused whatever the arguments */
};

#include "seccomp_table.inc.h"

static int cmp_row(const void *name, const void *row)
{
	return strcmp(name, ((const struct row *)row)->name);
}

static int cmp_str(const void *name, const void *elem)
{
	return strcmp(name, *(const char *const *)elem);
}

static const struct row *find_row(const char *name)
{
	return bsearch(name, refused, ARRAY_SIZE(refused), sizeof(refused[0]), cmp_row);
}

static bool in_strict(const char *name)
{
	return bsearch(name, strict, ARRAY_SIZE(strict), sizeof(strict[0]), cmp_str);
}

bool seccomp_table__always_blocked(const char *name)
{
	const struct row *r = find_row(name);

	return r && r->group == G_ALWAYS;
}

const char *seccomp_table__name(int nr)
{
	return nr < 0 || nr > SECCOMP_NEWEST ? NULL : syscalls__name(EV_ABI_NATIVE, nr);
}

const char *seccomp_table__row(size_t i, bool *ret_strict)
{
	*ret_strict = i >= ARRAY_SIZE(refused);
	if (!*ret_strict)
		return refused[i].name;
	i -= ARRAY_SIZE(refused);
	return i < ARRAY_SIZE(strict) ? strict[i] : NULL;
}

static const struct policy_rule *find_rule(const struct policy *p, enum rule_kind kind, const char *name)
{
	for (size_t i = 0; p && i < p->n_rules; i++)
		if (p->rules[i].kind == kind && !strcmp(p->rules[i].value, name))
			return &p->rules[i];
	return NULL;
}

static struct seccomp_answer answer(enum seccomp_verdict v, const char *reason, bool liftable)
{
	return (struct seccomp_answer){ .decision = { .verdict = v, .reason = reason, .liftable = liftable } };
}

static struct seccomp_answer conditional(enum cond_id id, const char *reason, bool liftable)
{
	struct seccomp_answer a = answer(SECCOMP_CONDITIONAL, reason, liftable);

	a.cond = &conds[id];
	return a;
}

/* What would make a file out of memory and run it, or make data executable. NULL .reason: nothing to say. */
static struct seccomp_answer by_exec(const struct seccomp_opts *o, const char *name)
{
	if (!o->restrict_exec)
		return (struct seccomp_answer){ 0 };
	if (!strcmp(name, "execveat"))
		return answer(SECCOMP_EPERM, "runs what has no path, and execution is restricted", false);
	if (!strcmp(name, "memfd_create"))
		return conditional(COND_MEMFD, "executable memory files, and execution is restricted", false);
	if (!strcmp(name, "personality"))
		return conditional(COND_PERSONALITY, "makes data executable, and execution is restricted", false);
	return (struct seccomp_answer){ 0 };
}

static struct seccomp_answer by_profile(const struct seccomp_opts *o, const char *name)
{
	const bool is_strict = o->policy && o->policy->seccomp == SECCOMP_PROFILE_STRICT;
	const struct row *r = find_row(name);

	if (is_strict && !strcmp(name, "flock"))
		return answer(groups[G_LOCK].verdict, groups[G_LOCK].reason, true);
	if (is_strict && !in_strict(name) && (!r || r->cond))
		return answer(SECCOMP_EPERM, "not in the profile strict", true);
	if (!r)
		return answer(SECCOMP_ALLOW, is_strict ? "profile strict" : "profile default", false);
	if (!r->cond)
		return answer(groups[r->group].verdict, groups[r->group].reason, r->group != G_ALWAYS);
	if (r->cond == COND_SOCKET) {
		const bool own = o->policy && o->policy->unix_sockets;

		if (is_strict && !o->net)
			return own ? conditional(COND_SOCKET_UNIX, "no network in the profile strict", true)
				   : answer(SECCOMP_EPERM, "no network in the profile strict", true);
		if (!own)
			return conditional(COND_SOCKET_NO_UNIX, groups[r->group].reason, true);
	}
	if (r->cond == COND_SOCKETPAIR && o->policy && o->policy->unix_sockets)
		return conditional(COND_SOCKETPAIR_UNIX, groups[r->group].reason, true);
	return conditional(r->cond, groups[r->group].reason, true);
}

struct seccomp_answer seccomp_table__answer(const struct seccomp_opts *o, const char *name)
{
	const struct policy_rule *rule;
	struct seccomp_answer a;

	if (seccomp_table__always_blocked(name))
		return by_profile(o, name);
	rule = find_rule(o->policy, RULE_SYSCALL_DENY, name);
	if (rule) {
		a = answer(SECCOMP_EPERM, "syscalls.deny", false);
		a.decision.rule = rule;
		return a;
	}
	a = by_exec(o, name);
	if (a.decision.reason)
		return a;
	a = by_profile(o, name);
	rule = a.decision.liftable ? find_rule(o->policy, RULE_SYSCALL_ALLOW, name) : NULL;
	if (rule) {
		a = answer(SECCOMP_ALLOW, "syscalls.allow", false);
		a.decision.rule = rule;
	}
	return a;
}

static struct seccomp_answer answer_any(const struct seccomp_opts *o, const char *name)
{
	int nr = syscalls__number(EV_ABI_NATIVE, name);

	if (nr < 0)
		return answer(SECCOMP_ENOSYS, "not a call of this architecture", false);
	if (nr > SECCOMP_NEWEST)
		return answer(SECCOMP_ENOSYS, "newer than the filter's table", false);
	return seccomp_table__answer(o, name);
}

struct seccomp_decision seccomp__decide(const struct seccomp_opts *o, const char *name)
{
	return answer_any(o, name).decision;
}

static bool clause_holds(const struct seccomp_clause *c, const uint64_t args[6])
{
	for (uint8_t i = 0; i < c->n; i++) {
		const struct seccomp_test *t = &c->tests[i];

		const uint32_t half = (uint32_t)(t->high ? args[t->arg] >> 32 : args[t->arg]);

		if (((half & t->mask) == t->value) == t->negate)
			return false;
	}
	return true;
}

struct seccomp_decision seccomp__decide_args(const struct seccomp_opts *o, const char *name, const uint64_t args[6])
{
	struct seccomp_answer a = answer_any(o, name);

	if (a.decision.verdict != SECCOMP_CONDITIONAL)
		return a.decision;
	a.decision.verdict = a.cond->otherwise;
	for (uint8_t i = 0; i < a.cond->n; i++)
		if (clause_holds(&a.cond->clauses[i], args)) {
			a.decision.verdict = a.cond->clauses[i].verdict;
			break;
		}
	return a.decision;
}

/* ---- print ---------------------------------------------------------------------------------------------- */

static const char *verdict_name(enum seccomp_verdict v)
{
	static const char *const names[] = {
		[SECCOMP_ALLOW] = "allow", [SECCOMP_EPERM] = "EPERM", [SECCOMP_ENOSYS] = "ENOSYS",
		[SECCOMP_CONDITIONAL] = "conditional", [SECCOMP_KILL] = "SIGSYS",
	};

	return names[v];
}

/* "strict.toml:12:3", or the option as typed. Names of files come from outside: control characters are not printed. */
static const char *where(const struct policy_rule *rule, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!rule || !rule->src.name)
		return buf;
	if (rule->src.line)
		snprintf(buf, size, "%s:%" PRIu32 ":%" PRIu32, rule->src.name, rule->src.line, rule->src.column);
	else
		snprintf(buf, size, "%s", rule->src.name);
	for (char *p = buf; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return buf;
}

static void print_text(FILE *out, const char *nr, const char *name, const struct seccomp_answer *a)
{
	const struct seccomp_decision *d = &a->decision;
	char src[300];

	fprintf(out, "%-9s %-24s %-12s %s", nr, name, verdict_name(d->verdict), d->reason);
	if (a->cond)
		fprintf(out, ": %s", a->cond->text);
	if (where(d->rule, src, sizeof(src))[0])
		fprintf(out, " (%s)", src);
	fputc('\n', out);
}

static void print_json(FILE *out, const char *nr, const char *name, const struct seccomp_answer *a)
{
	const struct seccomp_decision *d = &a->decision;
	struct json j;
	char src[300];

	json__init(&j);
	json__object_begin(&j);
	json__key(&j, "nr"), json__str(&j, nr);
	json__key(&j, "name"), json__str(&j, name);
	json__key(&j, "verdict"), json__str(&j, verdict_name(d->verdict));
	json__key(&j, "reason"), json__str(&j, d->reason);
	if (a->cond)
		json__key(&j, "condition"), json__str(&j, a->cond->text);
	if (where(d->rule, src, sizeof(src))[0])
		json__key(&j, "rule"), json__str(&j, src);
	json__key(&j, "liftable"), json__bool(&j, d->liftable);
	json__object_end(&j);
	json__newline(&j);
	if (!j.err)
		fwrite(j.buf, 1, j.len, out);
	json__done(&j);
}

void seccomp__print(const struct seccomp_opts *o, FILE *out, bool json)
{
	void (*print)(FILE *, const char *, const char *, const struct seccomp_answer *) = json ? print_json : print_text;
	struct seccomp_answer a;
	char nr[32];
	int first;

	for (int i = 0; i <= SECCOMP_NEWEST; i++) {
		const char *name = seccomp_table__name(i);

		first = i;
		if (name) {
			snprintf(nr, sizeof(nr), "%d", i);
			a = seccomp_table__answer(o, name);
			print(out, nr, name, &a);
			continue;
		}
		while (i < SECCOMP_NEWEST && !seccomp_table__name(i + 1))
			i++;
		snprintf(nr, sizeof(nr), "%d-%d", first, i);
		a = answer(SECCOMP_ENOSYS, "no call has this number", false);
		print(out, nr, "-", &a);
	}
	snprintf(nr, sizeof(nr), "%d-", SECCOMP_NEWEST + 1);
	a = answer(SECCOMP_ENOSYS, "newer than the filter's table; on x86_64 also the x32 ABI", false);
	print(out, nr, "-", &a);
	a = answer(SECCOMP_KILL, "calls of another architecture, such as int 0x80 (i386)", false);
	print(out, "any", "-", &a);
}
