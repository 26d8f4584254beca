/* SPDX-License-Identifier: Apache-2.0 */
/* The summary's part of the JSONL summary record. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "summary_model.h"
#include "text.h"

#define TOP_CALLS_MAX 50

static void str(const struct summary *s, struct sum_str v, struct json *j)
{
	json__strn(j, sum_str__get(s, v), v.len);
}

static void key_us(struct json *j, const char *key, uint64_t ns)
{
	json__member_u64(j, key, ns / 1000);
}

static void top_calls(const struct summary *s, const struct run_result *res, struct json *j)
{
	struct sum_top *top = NULL;
	size_t n = sum_top__collect(s, res, true, &top);

	if (!top)
		j->err = -ENOMEM;
	json__member_u64(j, "unique_syscalls", n);
	json__key(j, "top_calls");
	json__array_begin(j);
	for (size_t i = 0; i < MIN(n, TOP_CALLS_MAX); i++) {
		json__object_begin(j);
		json__key(j, "syscall");
		json__str(j, top[i].name);
		json__key(j, "abi");
		json__str(j, syscalls__abi_name(top[i].abi));
		json__member_u64(j, "calls", top[i].call.calls);
		json__member_u64(j, "errors", top[i].call.errors);
		key_us(j, "total_us", top[i].call.ns);
		if (top[i].has_max)
			key_us(j, "max_us", top[i].call.max_ns);
		json__object_end(j);
	}
	json__array_end(j);
	json__member_u64(j, "top_calls_dropped", n > TOP_CALLS_MAX ? n - TOP_CALLS_MAX : 0);
	free(top);
}

static void files(const struct summary *s, struct json *j)
{
	json__key(j, "files_accessed");
	json__array_begin(j);
	for (uint32_t i = 0; i < s->n_files; i++)
		if (s->files[i].uses)
			str(s, s->files[i].path, j);
	json__array_end(j);
	json__member_u64(j, "files_accessed_dropped", s->files_dropped);
}

static void network(const struct summary *s, struct json *j)
{
	json__key(j, "network_attempts");
	json__array_begin(j);
	for (uint32_t i = 0; i < s->n_addrs; i++) {
		bool seen = false;

		/* an address that was both connected and sent to is one address */
		for (uint32_t k = 0; k < i && !seen; k++)
			seen = s->addrs[k].outbound_ip &&
			       s->addrs[k].addr.len == s->addrs[i].addr.len &&
			       !memcmp(sum_str__get(s, s->addrs[k].addr),
				       sum_str__get(s, s->addrs[i].addr), s->addrs[i].addr.len);
		if (s->addrs[i].outbound_ip && !seen)
			str(s, s->addrs[i].addr, j);
	}
	json__array_end(j);
	json__member_u64(j, "network_attempts_dropped", s->addrs_dropped);
}

static void finding(const struct summary *s, const struct sum_finding *f, struct json *j)
{
	json__object_begin(j);
	json__key(j, "rule");
	json__str(j, f->rule);
	json__key(j, "severity");
	json__str(j, suspicious__severity_name((enum severity)f->severity));
	json__key(j, "text");
	json__str(j, f->text);
	if (f->object.len) {
		json__key(j, "object");
		str(s, f->object, j);
	}
	json__member_u64(j, "pid", f->pid);
	json__key(j, "comm");
	str(s, f->comm, j);
	json__member_u64(j, "first_ts", f->first_ts);
	json__member_u64(j, "count", f->count);
	json__member_u64(j, "failed", f->failures);
	json__object_end(j);
}

/* "attempted to access sensitive file /etc/shadow": one string, as existing readers of the format
 * expect. */
static void suspicious(const struct summary *s, struct json *j)
{
	struct text t;

	text__init(&t, false);
	json__key(j, "suspicious_activity");
	json__array_begin(j);
	for (uint32_t i = 0; i < s->n_findings; i++) {
		const struct sum_finding *f = &s->findings[i];

		text__reset(&t);
		text__put(&t, f->text);
		if (f->object.len) {
			text__put(&t, ": ");
			text__bytes(&t, sum_str__get(s, f->object), f->object.len);
		}
		if (t.err)
			j->err = t.err;
		else
			json__strn(j, t.buf, t.len);
	}
	json__array_end(j);
	text__done(&t);
	json__key(j, "findings");
	json__array_begin(j);
	for (uint32_t i = 0; i < s->n_findings; i++)
		finding(s, &s->findings[i], j);
	json__array_end(j);
	json__member_u64(j, "findings_dropped", s->findings_dropped);
}

void summary__write_json(const struct summary *s, const struct run_result *res, struct json *j)
{
	json__member_u64(j, "denied_count", s->denied);
	json__member_u64(j, "process_count", s->processes);
	json__member_u64(j, "thread_count", s->threads);
	json__member_u64(j, "processes_dropped", s->procs_dropped);
	files(s, j);
	network(s, j);
	suspicious(s, j);
	top_calls(s, res, j);
}
