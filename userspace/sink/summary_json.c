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
		json__member_str(j, "syscall", top[i].name);
		json__member_str(j, "abi", syscalls__abi_name(top[i].abi));
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

static void process(const struct finding_who *who, struct json *j)
{
	json__member_u64(j, "pid", who->pid);
	json__key(j, "comm");
	json__strn(j, who->comm, strlen(who->comm));
}

static void evidence(const struct finding *f, struct json *j)
{
	json__key(j, "ancestors");
	json__array_begin(j);
	for (unsigned int i = 0; i < f->n_ancestors; i++) {
		json__object_begin(j);
		process(&f->ancestors[i], j);
		json__object_end(j);
	}
	json__array_end(j);
	json__key(j, "related");
	json__array_begin(j);
	for (unsigned int i = 0; i < f->n_steps; i++) {
		json__object_begin(j);
		process(&f->steps[i].who, j);
		json__key(j, "object");
		json__strn(j, f->steps[i].object, strlen(f->steps[i].object));
		json__member_u64(j, "seq", f->steps[i].seq);
		json__object_end(j);
	}
	json__array_end(j);
}

static void finding(const struct finding *f, struct json *j)
{
	json__object_begin(j);
	json__member_str(j, "rule", f->rule->id);
	json__member_str(j, "severity", rule__severity_name((enum severity)f->severity));
	json__member_str(j, "text", f->rule->text);
	if (f->len) {
		json__key(j, "object");
		json__strn(j, f->object, f->len);
	}
	process(&f->who, j);
	json__member_u64(j, "first_ts", f->first_ts);
	if (f->seq)
		json__member_u64(j, "seq", f->seq);
	json__member_u64(j, "count", f->count);
	json__member_u64(j, "failed", f->failures);
	json__key(j, "expected");
	json__bool(j, f->expected);
	evidence(f, j);
	json__object_end(j);
}

/* "attempted to access sensitive file: /etc/shadow": one string, as existing readers of the format expect. */
static void suspicious(const struct summary *s, struct json *j)
{
	const struct finding *f;
	struct text t;

	text__init(&t, false);
	json__key(j, "suspicious_activity");
	json__array_begin(j);
	for (uint32_t i = 0; (f = findings__at(s->findings, i)); i++) {
		if (f->severity == SEV_INFO)
			continue;
		text__reset(&t);
		text__put(&t, f->rule->text);
		if (f->len) {
			text__put(&t, ": ");
			text__bytes(&t, f->object, f->len);
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
	for (uint32_t i = 0; (f = findings__at(s->findings, i)); i++)
		finding(f, j);
	json__array_end(j);
	json__member_u64(j, "findings_dropped", findings__dropped(s->findings));
	json__member_u64(j, "findings_forgotten", findings__forgotten(s->findings));
}

/* Who was contacted, by which name where one is known. */
static void connections(const struct summary *s, struct json *j)
{
	json__key(j, "connections");
	json__array_begin(j);
	for (uint32_t i = 0; i < s->n_addrs; i++) {
		const struct sum_addr *a = &s->addrs[i];

		if (!a->outbound_ip)
			continue;
		json__object_begin(j);
		json__key(j, "address");
		str(s, a->addr, j);
		if (a->name.len) {
			json__key(j, "name");
			str(s, a->name, j);
		}
		json__member_u64(j, "pid", a->pid);
		json__key(j, "comm");
		str(s, a->comm, j);
		json__member_u64(j, "count", a->count);
		json__member_u64(j, "failed", a->failures);
		json__object_end(j);
	}
	json__array_end(j);
}

void summary__write_json(const struct summary *s, const struct run_result *res, struct json *j)
{
	json__member_u64(j, "denied_count", s->denied);
	json__member_u64(j, "process_count", s->processes);
	json__member_u64(j, "thread_count", s->threads);
	json__member_u64(j, "processes_dropped", s->procs_dropped);
	files(s, j);
	network(s, j);
	connections(s, j);
	suspicious(s, j);
	top_calls(s, res, j);
}
