/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any failed call, and any verdict of the security profile, against a policy: no read outside the record, every text ended,
 * totals exact. The records of tests/fixtures/records are the corpus; a byte that means nothing in them, of the header,
 * chooses the context.
 */
#include <stdlib.h>
#include <string.h>

#include "enrich/enrich.h"
#include "event/syscalls.h"
#include "policy/denials.h"
#include "policy/verdict.h"

static struct policy_rule rules[] = {
	{ .kind = RULE_DENY, .text = (char *)"d", .value = (char *)"/**/.e*/[a-c]?", .pattern = true, .src = { "f", 1, 1 } },
	{ .kind = RULE_SYSCALL_LOG, .text = (char *)"read", .value = (char *)"read" },
};
static struct policy_rule live[] = {
	{ .kind = RULE_WRITE, .text = (char *)"w", .value = (char *)"/srv/spool", .src = { "f", 2, 1 } },
	{ .kind = RULE_SYSCALL_DENY, .text = (char *)"bpf", .value = (char *)"bpf", .src = { "f", 3, 1 } },
};
static const struct policy_rule *const live_rules[] = { NULL, &rules[0], &live[0], &live[1], NULL };
static struct policy policy = { .rules = rules, .n_rules = 2 };
static struct grant grants_v[] = {
	{ .path = (char *)"/a", .kind = GRANT_MASK, .rule = &rules[0], .dir = true },
	{ .path = (char *)"/p", .kind = GRANT_PRIVATE, .access = ACCESS_READ | ACCESS_WRITE, .dir = true },
	{ .path = (char *)"/u", .kind = GRANT_HOST, .access = ACCESS_READ, .dir = true },
};
static struct grant_link links[] = { { (char *)"/l", (char *)"u/l" }, { (char *)"/m", (char *)"/m" } };
static struct grants grants = { .policy = &policy, .v = grants_v, .n = 3, .links = links, .n_links = 2, .home = (char *)"/p" };

static bool exists(void *ctx, const char *path)
{
	(void)ctx;
	return strlen(path) % 2;
}

static void ended(const char *s, size_t size)
{
	if (strnlen(s, size) == size)
		abort();
}

static enum action expected(const struct event *ev, const struct denial *d)
{
	const struct ev_act *act = event__act(ev);

	if (act && (act->verdict == EV_KILLED || act->verdict == EV_KILLED_AFTER))
		return ACTION_KILL;
	return d->audit ? ACTION_ALLOW : ACTION_DENY;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct verdicts v;
	static struct denials *table;
	static uint64_t added;
	struct denial_ctx ctx = { .grants = &grants, .exists = exists };
	static struct enrich names;
	struct event ev;
	uint8_t *rec, how;

	if (!table) {
		if (syscalls__init())
			abort();
		table = denials__new();
	}
	if (size < sizeof(struct ev_header))
		return 0;
	how = data[offsetof(struct ev_header, reserved)];
	ctx.net_isolated = how & 1;
	ctx.net_filtered = how & 2;
	ctx.privileged = how & 4;
	if (how & 32) { /* what runs already */
		ctx.grants = NULL;
		ctx.live_rules = live_rules;
		ctx.n_live_rules = sizeof(live_rules) / sizeof(*live_rules);
	}
	grants.exec = policy.exec = how & 8 ? EXEC_ANY : EXEC_COMMAND;
	policy.pids.value = policy.max_file_size.value = policy.open_files.value = how & 16 ? 5 : POLICY_UNLIMITED;
	rec = malloc(size); /* aligned, and its end is guarded */
	memcpy(rec, data, size);
	verdicts__init(&v, &ctx);
	if (!decode(rec, size, &ev)) {
		enrich(&names, &ev);
		verdict(&v, &ev);
		if (ev.denial) {
			struct denial *d = &v.denial;

			if (d->layer == LAYER_NONE || d->layer >= LAYER_MAX || !*d->object || !*d->rule || ev.action != expected(&ev, d) ||
			    (event__act(&ev) && d->layer != (event__act(&ev)->verdict == EV_KILLED_AFTER ? LAYER_KILL : LAYER_LSM)))
				abort();
			ended(d->object, sizeof(d->object));
			ended(d->rule, sizeof(d->rule));
			ended(d->suggest_key, sizeof(d->suggest_key));
			ended(d->suggest_value, sizeof(d->suggest_value));
			ended(d->suggest_flag, sizeof(d->suggest_flag));
			if (strpbrk(d->suggest_flag, "*?\n\033\"\\$`") && !strchr(d->suggest_flag, '\''))
				abort();
			denials__add(table, &ev, "c", d);
			if (++added != table->total + table->audit || table->n > DENIALS_MAX)
				abort();
		}
	}
	free(rec);
	return 0;
}
