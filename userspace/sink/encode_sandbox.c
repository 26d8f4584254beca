/* SPDX-License-Identifier: Apache-2.0 */
#include "encode_sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "answers.h"
#include "../base/util.h"
#include "../event/syscalls.h"
#include "../policy/denials.h"
#include "../sandbox/changes.h"
#include "../sandbox/limits.h"
#include "../sandbox/network.h"

/* Bytes of the command's choice: beside them in hexadecimal when they are not UTF-8. */
static void key_bytes(struct json *j, const char *key, const char *s)
{
	size_t len = strlen(s);

	json__key(j, key);
	if (json__strn(j, s, len))
		return;
	json__key2(j, key, "_hex");
	json__hex(j, s, len);
}

static void denial_members(struct json *j, const struct denial *d)
{
	char unnamed[24];
	const char *name = errno__name(d->err);

	json__member_str(j, "layer", layer__name(d->layer));
	json__member_str(j, "rule", d->rule);
	if (d->access)
		json__member_str(j, "access", d->access);
	key_bytes(j, "object", d->object);
	if (d->err) {
		snprintf(unnamed, sizeof(unnamed), "errno_%d", d->err);
		json__member_str(j, "errno", name ? name : unnamed);
	}
	if (d->expected) {
		json__key(j, "expected");
		json__bool(j, true);
	}
	if (d->sensitive) {
		json__key(j, "sensitive");
		json__bool(j, true);
	}
	if (d->audit) {
		json__key(j, "would_deny");
		json__bool(j, true);
	}
	if (!*d->suggest_key && !*d->suggest_flag && !d->suggest_remove)
		return;
	json__key(j, "suggest");
	json__object_begin(j);
	if (d->suggest_remove)
		json__member_str(j, "remove", d->rule);
	if (*d->suggest_key) {
		json__member_str(j, "key", d->suggest_key);
		json__member_str(j, "value", d->suggest_value);
	}
	if (*d->suggest_flag)
		json__member_str(j, "flag", d->suggest_flag);
	json__object_end(j);
}

void encode_sandbox__denial(struct json *j, const struct denial *d)
{
	json__key(j, "denial");
	json__object_begin(j);
	denial_members(j, d);
	json__object_end(j);
}

void encode_sandbox__header(struct json *j, const struct run_info *info)
{
	if (info->policy) {
		json__key(j, "policy");
		json__object_begin(j);
		json__member_str(j, "name", info->policy);
		json__member_str(j, "sha256", info->policy_sha256);
		json__object_end(j);
	}
	if (!info->env_stripped)
		return;
	json__key(j, "env_stripped");
	json__array_begin(j);
	for (char *const *name = info->env_stripped; *name; name++)
		json__str(j, *name);
	json__array_end(j);
}

static void layers(struct json *j, const char *key, const uint64_t count[LAYER_MAX])
{
	json__key(j, key);
	json__object_begin(j);
	for (int i = 0; i < LAYER_MAX; i++)
		if (count[i])
			json__member_u64(j, layer__name((enum layer)i), count[i]);
	json__object_end(j);
}

static void denials(struct json *j, const struct denials *t)
{
	const struct denial_entry **sorted = calloc(t->n + 1, sizeof(*sorted));
	uint32_t n = sorted ? denials__sorted(t, sorted) : 0;

	if (!sorted)
		j->err = -ENOMEM;
	json__member_u64(j, "denied_expected", t->expected);
	if (t->audit)
		json__member_u64(j, "would_deny_count", t->audit);
	layers(j, "denied_by_layer", t->by_layer);
	json__key(j, "denials");
	json__array_begin(j);
	for (uint32_t i = 0; i < n; i++) {
		const struct denial_entry *e = sorted[i];

		json__object_begin(j);
		json__member_u64(j, "count", e->d.nth);
		denial_members(j, &e->d);
		json__member_u64(j, "pid", e->pid);
		json__key(j, "comm");
		json__strn(j, e->comm, strlen(e->comm));
		json__member_u64(j, "first_ts", e->first_ts);
		json__object_end(j);
	}
	json__array_end(j);
	layers(j, "denials_dropped", t->dropped);
	if (t->audit_dropped)
		json__member_u64(j, "would_deny_dropped", t->audit_dropped);
	free(sorted);
}

static void limits(struct json *j, const struct limit_events *l)
{
	json__key(j, "limits");
	json__object_begin(j);
	json__member_u64(j, "oom_kills", l->oom_kills);
	json__member_u64(j, "memory_hits", l->memory_hits);
	json__member_u64(j, "pids_hits", l->pids_hits);
	json__member_u64(j, "throttled_us", l->throttled_ns / 1000);
	if (l->memory_peak)
		json__member_u64(j, "memory_peak", l->memory_peak);
	if (l->pids_peak)
		json__member_u64(j, "pids_peak", l->pids_peak);
	if (l->cpu_ns)
		json__member_u64(j, "cpu_us", l->cpu_ns / 1000);
	json__object_end(j);
}

static void network(struct json *j, const struct net_filter_counts *n)
{
	json__key(j, "network_filter");
	json__object_begin(j);
	json__member_u64(j, "allowed", n->allowed);
	json__member_u64(j, "denied", n->denied);
	json__member_u64(j, "dropped_packets", n->dropped);
	json__object_end(j);
}

static void answers(struct json *j, const struct answer_counts *a)
{
	json__key(j, "answers");
	json__object_begin(j);
	json__member_u64(j, "taken", a->taken);
	json__member_u64(j, "addresses", a->added);
	json__member_u64(j, "reserved", a->reserved);
	json__member_u64(j, "unasked", a->unasked);
	json__member_u64(j, "cut", a->cut);
	json__member_u64(j, "full", a->full);
	json__object_end(j);
}

static void rules(struct json *j, const struct rule_count *v, size_t n)
{
	json__key(j, "rules");
	json__array_begin(j);
	for (size_t i = 0; i < n; i++) {
		json__object_begin(j);
		json__member_str(j, "rule", v[i].text);
		json__member_str(j, "layer", v[i].layer);
		json__member_u64(j, "evaluated", v[i].evaluated);
		json__member_u64(j, "matched", v[i].matched);
		json__object_end(j);
	}
	json__array_end(j);
}

static const char *file_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return "file";
	case S_IFDIR: return "directory";
	case S_IFLNK: return "link";
	case S_IFIFO: return "fifo";
	case S_IFSOCK: return "socket";
	case S_IFCHR: return "char_device";
	case S_IFBLK: return "block_device";
	default: return "other";
	}
}

static void change(struct json *j, const struct change *c)
{
	static const char *const kinds[] = {
		[CHANGE_CREATED] = "created",	[CHANGE_MODIFIED] = "modified", [CHANGE_METADATA] = "metadata",
		[CHANGE_DELETED] = "deleted",	[CHANGE_REPLACED] = "replaced",
	};
	char mode[16];

	json__object_begin(j);
	json__member_str(j, "change", (size_t)c->kind < ARRAY_SIZE(kinds) ? kinds[c->kind] : "other");
	key_bytes(j, "path", c->path);
	if (c->kind != CHANGE_DELETED) {
		json__member_str(j, "type", file_type(c->mode));
		snprintf(mode, sizeof(mode), "0%o", (unsigned int)(c->mode & 07777));
		json__member_str(j, "mode", mode);
		json__member_u64(j, "size", c->size);
		json__member_u64(j, "allocated", c->blocks);
	}
	if (c->hashed) {
		json__key(j, "sha256");
		json__hex(j, c->sha256, sizeof(c->sha256));
	}
	if (c->link)
		key_bytes(j, "link", c->link);
	json__object_end(j);
}

static void changes(struct json *j, const struct changes *c)
{
	json__key(j, "changes");
	json__object_begin(j);
	json__member_u64(j, "created", c->created);
	json__member_u64(j, "modified", c->modified);
	json__member_u64(j, "deleted", c->deleted);
	json__member_u64(j, "bytes", c->bytes);
	json__member_str(j, "truncated", c->truncated ? c->why : NULL);
	json__key(j, "entries");
	json__array_begin(j);
	for (size_t i = 0; i < c->n; i++)
		change(j, &c->v[i]);
	json__array_end(j);
	json__object_end(j);
}

void encode_sandbox__summary(struct json *j, const struct run_result *res)
{
	if (res->denials)
		denials(j, res->denials);
	if (res->limits)
		limits(j, res->limits);
	if (res->network)
		network(j, res->network);
	if (res->answers)
		answers(j, res->answers);
	if (res->rules)
		rules(j, res->rules, res->n_rules);
	if (res->changes)
		changes(j, res->changes);
}
