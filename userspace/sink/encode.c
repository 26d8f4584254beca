/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoder. A syscall record is written by hand into reserved space, with the text that is the
 * same for every use of one call prepared once (struct call_text): this runs for each system call
 * of the traced program. Process records are rare and follow the field table of their kind.
 */
#include "encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "encode_act.h"
#include "encode_name.h"
#include "encode_sandbox.h"
#include "encode_value.h"
#include "fmt.h"
#include "summary.h"

#define ERRNO_MAX 4095

/* What every record of one call has in common. Text: head, the keys of the arguments, tail. */
struct call_text {
	const char *name; /* the texts are of this name and signature */
	const struct syscall_sig *sig;
	char *text;
	uint16_t head_len;
	uint16_t key_len[6];
};

struct encoder {
	int64_t clock_offset;
	uint64_t start_ts;
	uint64_t second; /* that .second_text shows */
	char second_text[FMT_SECOND_LEN + 1];
	struct call_text *calls[EV_ABI_MAX]; /* ST_NR_SYSCALLS and one for all numbers beyond */
	struct value_memory values;
};

static const char *const action_names[] = { "allow", "deny", "log_only", "kill" };
static const char *const exit_kinds[] = { "exited", "signaled", "timeout", "interrupted",
					  "not_started", "attached" };

/* Text of ours that needs no escaping and brings its own commas. */
static inline void put_text(struct json *j, const char *s, size_t len)
{
	char *p = json__reserve(j, len);

	if (!p)
		return;
	memcpy(p, s, len);
	j->len += len;
}

struct encoder *encoder__new(void)
{
	struct encoder *e = calloc(1, sizeof(*e));

	if (e)
		e->second = UINT64_MAX;
	return e;
}

void encoder__free(struct encoder *e)
{
	if (!e)
		return;
	for (size_t abi = 0; abi < EV_ABI_MAX; abi++) {
		for (size_t i = 0; e->calls[abi] && i <= ST_NR_SYSCALLS; i++)
			free(e->calls[abi][i].text);
		free(e->calls[abi]);
	}
	free(e);
}

/* Ends the line that began at START, or takes back what there is of it. */
static int end_record(struct json *j, size_t start)
{
	json__newline(j);
	if (!j->err)
		return 0;
	j->len = start;
	j->comma = false;
	return j->err;
}

static uint64_t realtime(const struct encoder *e, uint64_t ts)
{
	uint64_t t = ts + (uint64_t)e->clock_offset;

	if (e->clock_offset < 0 && t > ts)
		return 0;
	return t;
}

/* "2025-01-01T12:00:00.123456789Z" without quotes. */
static char *put_time(struct encoder *e, char *p, uint64_t ns)
{
	uint64_t second = ns / NSEC_PER_SEC;

	if (second != e->second) {
		fmt_second(e->second_text, second);
		e->second_text[FMT_SECOND_LEN] = '.';
		e->second = second;
	}
	p = fmt_9(put(p, e->second_text, FMT_SECOND_LEN + 1), (uint32_t)(ns % NSEC_PER_SEC));
	*p++ = 'Z';
	return p;
}

static int fill_call_text(struct call_text *t, const struct event *ev)
{
	const struct syscall_sig *sig = ev->sig;
	struct json j;
	size_t at;

	json__init(&j);
	json__member_str(&j, "syscall", ev->name);
	json__key(&j, "syscall_nr");
	json__i64(&j, ev->syscall->nr);
	json__member_str(&j, "abi", syscalls__abi_name((enum ev_abi)ev->syscall->abi));
	json__key(&j, "args");
	put_text(&j, "{\"raw\":[", 8);
	t->head_len = (uint16_t)j.len;
	j.comma = false;
	for (size_t i = 0; i < sig->n_args; i++) {
		at = j.len;
		json__key(&j, sig->args[i].name);
		t->key_len[i] = (uint16_t)(j.len - at);
		j.comma = true;
	}
	if (j.err || j.len > UINT16_MAX) {
		json__done(&j);
		return -ENOMEM;
	}
	free(t->text);
	t->text = j.buf;
	t->name = ev->name;
	t->sig = sig;
	return 0;
}

static const struct call_text *call_text(struct encoder *e, const struct event *ev)
{
	unsigned int abi = ev->syscall->abi;
	uint32_t nr = MIN((uint32_t)ev->syscall->nr, (uint32_t)ST_NR_SYSCALLS);
	struct call_text *t;

	if (!e->calls[abi]) {
		e->calls[abi] = calloc(ST_NR_SYSCALLS + 1, sizeof(*t));
		if (!e->calls[abi])
			return NULL;
	}
	t = &e->calls[abi][nr];
	if (t->name == ev->name && t->sig == ev->sig && nr < ST_NR_SYSCALLS)
		return t;
	return fill_call_text(t, ev) ? NULL : t;
}

static char *put_result(char *p, const struct event *ev)
{
	const struct ev_syscall *sc = ev->syscall;
	const char *name;

	if (ev->hdr->flags & EV_F_NO_RETURN)
		return PUT(p, "\"return_value\":null,\"success\":null");
	p = fmt_i64(PUT(p, "\"return_value\":"), sc->ret);
	if (sc->ret >= 0 || sc->ret < -ERRNO_MAX)
		return PUT(p, ",\"success\":true");
	p = PUT(p, ",\"success\":false,\"errno\":\"");
	name = errno__name((int)-sc->ret);
	if (name)
		p = put(p, name, strnlen(name, 64));
	else
		p = fmt_i64(PUT(p, "errno_"), -sc->ret);
	*p++ = '"';
	return p;
}

/* The longest fixed text and numbers before, between and after what call_text and the arguments
 * bring. */
#define FIXED_MAX 512

/* -y: what the descriptor that the call returned stands for; of a failed call where it was made. */
static void more_paths(struct encoder *e, struct json *j, const struct event *ev)
{
	static const struct {
		unsigned int id;
		const char *key;
	} paths[] = { { EV_PART_RESULT, "return_path" }, { EV_PART_CWD, "cwd" } };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct part *part = event__part(ev, paths[i].id);

		if (!part)
			continue;
		json__key(j, paths[i].key);
		value__part(&e->values, j, paths[i].key, part, ARG_NONE);
	}
}

static void encode_syscall(struct encoder *e, const struct event *ev, struct json *j)
{
	const struct ev_syscall *sc = ev->syscall;
	const struct ev_header *hdr = ev->hdr;
	const struct call_text *t = call_text(e, ev);
	uint64_t start = hdr->ts > sc->duration ? hdr->ts - sc->duration : 0;
	const char *text, *name;
	char *p;

	p = t ? json__reserve(j, FIXED_MAX + t->head_len) : NULL;
	if (!p) {
		j->err = -ENOMEM;
		return;
	}
	p = put_time(e, PUT(p, "{\"event_type\":\"syscall\",\"timestamp\":\""), realtime(e, start));
	p = fmt_u64(PUT(p, "\",\"seq\":"), ev->seq);
	p = fmt_u64(PUT(p, ",\"pid\":"), hdr->tgid);
	p = fmt_u64(PUT(p, ",\"tid\":"), hdr->tid);
	p = fmt_u64(PUT(p, ",\"exec_id\":"), hdr->exec_id);
	*p++ = ',';
	p = put(p, t->text, t->head_len);
	for (size_t i = 0; i < 6; i++) {
		p = fmt_u64(p, sc->args[i]);
		*p++ = ',';
	}
	p = PUT(p - 1, "],\"decoded\":{");
	j->len = (size_t)(p - j->buf);

	text = t->text + t->head_len;
	for (unsigned int i = 0; i < ev->sig->n_args; i++) {
		put_text(j, text, t->key_len[i]);
		text += t->key_len[i];
		j->comma = false;
		value__arg(&e->values, j, ev, i);
	}
	if (ev->n_parts)
		more_paths(e, j, ev);

	p = json__reserve(j, FIXED_MAX);
	if (!p)
		return;
	p = put_result(PUT(p, "}},"), ev);
	p = fmt_u64(PUT(p, ",\"duration_us\":"), sc->duration / 1000);
	p = fmt_u64(PUT(p, ",\"duration_ns\":"), sc->duration);
	p = PUT(p, ",\"action\":\"");
	p = put(p, action_names[ev->action & 3], strlen(action_names[ev->action & 3]));
	p = PUT(p, "\",\"category\":\"");
	name = syscalls__category_name((enum category)ev->category);
	p = put(p, name, strlen(name));
	*p++ = '"';
	if (hdr->flags & EV_F_NO_ENTER)
		p = PUT(p, ",\"no_enter\":true");
	if (hdr->flags & EV_F_NO_RETURN)
		p = PUT(p, ",\"no_return\":true");
	j->len = (size_t)(p - j->buf);
	if (ev->host || ev->denial)
		j->comma = true;
	encode_name__host(j, ev);
	if (ev->denial)
		encode_sandbox__denial(j, ev->denial);
	put_text(j, "}", 1);
}

static void encode_u32(struct json *j, unsigned int type, uint32_t v)
{
	static const char *const image_flags[] = { "memfd", "deleted", "script", "secure", "upper", "file_caps",
						   "setuid", "setgid" };
	static const char *const file_flags[] = { "deleted", "memfd", "links", "too_deep", "anonymous", "writable", "written" };

	if (type == FT_IMG)
		encode_act__bits(j, image_flags, ARRAY_SIZE(image_flags), v);
	else if (type == FT_FFLAGS)
		encode_act__bits(j, file_flags, ARRAY_SIZE(file_flags), v);
	else if (type == FT_CLASS && event__class_name(v))
		json__str(j, event__class_name(v));
	else if (type == FT_BOOL32)
		json__bool(j, v);
	else if (type == FT_S32)
		json__i64(j, (int32_t)v);
	else
		json__u64(j, v);
}

static void encode_field(struct encoder *e, struct json *j, const struct event *ev,
			 const struct field *f)
{
	const uint8_t *at = (const uint8_t *)ev->payload + f->offset;
	const struct part *part;
	uint64_t v64;
	uint32_t v32;

	if (f->type == FT_OP) /* the record's action */
		return;
	if (ev->desc->kind == EV_NAME && f->type == FT_PART && f->offset == EV_NAME_PACKET) /* told below, taken apart */
		return;
	json__key(j, f->name);
	if (event__act(ev) && encode_act__field(j, ev, f, at))
		return;
	if (f->type == FT_PART) {
		part = event__part(ev, f->offset);
		if (part)
			value__part(&e->values, j, f->name, part, ARG_NONE);
		else
			json__null(j);
	} else if (f->type == FT_COMM) {
		size_t len = strnlen((const char *)at, EV_COMM_LEN);

		if (!json__strn(j, at, len)) {
			json__key2(j, f->name, "_hex");
			json__hex(j, at, len);
		}
	} else if (f->type == FT_U64 || f->type == FT_S64) {
		memcpy(&v64, at, sizeof(v64));
		if (f->type == FT_U64)
			json__u64(j, v64);
		else
			json__i64(j, (int64_t)v64);
	} else {
		memcpy(&v32, at, sizeof(v32));
		encode_u32(j, f->type, v32);
	}
}

static void member_list(struct json *j, const char *key, const char *const *list)
{
	json__key(j, key);
	json__array_begin(j);
	for (size_t i = 0; list && list[i]; i++)
		json__str(j, list[i]);
	json__array_end(j);
}

static void encode_fields(struct encoder *e, const struct event *ev, struct json *j)
{
	const char *const *claimed = event__claimed(ev->desc->kind);
	const struct event_desc *desc = ev->desc;
	const struct ev_header *hdr = ev->hdr;

	json__object_begin(j);
	json__member_str(j, "event_type", desc->event_type);
	json__member_str(j, "action", event__action(ev));
	json__key(j, "timestamp");
	json__time(j, realtime(e, hdr->ts));
	json__member_u64(j, "seq", ev->seq);
	json__member_u64(j, "pid", hdr->tgid);
	json__member_u64(j, "tid", hdr->tid);
	json__member_u64(j, "exec_id", hdr->exec_id);
	for (size_t i = 0; i < desc->n_fields; i++)
		encode_field(e, j, ev, &desc->fields[i]);
	if (ev->desc->kind == EV_NAME)
		encode_name__members(j, ev);
	encode_name__host(j, ev);
	encode_act__more(j, ev);
	if (claimed)
		member_list(j, "claimed", claimed);
	if (hdr->flags & EV_F_THREAD) {
		json__key(j, "thread");
		json__bool(j, true);
	}
	json__object_end(j);
}

int encode__event(struct encoder *e, const struct event *ev, struct json *j)
{
	size_t start = j->len;

	if (ev->desc->class == EV_CLASS_SYSCALL)
		encode_syscall(e, ev, j);
	else
		encode_fields(e, ev, j);
	return end_record(j, start);
}

static void member_time(struct json *j, const char *key, uint64_t ns)
{
	json__key(j, key);
	json__time(j, ns);
}

int encode__header(struct encoder *e, const struct run_info *info, struct json *j)
{
	size_t start = j->len;

	e->clock_offset = info->clock_offset;
	e->start_ts = info->start_ts;
	json__object_begin(j);
	json__member_str(j, "event_type", "header");
	json__member_u64(j, "schema", TRACE_SCHEMA_VERSION);
	member_time(j, "timestamp", realtime(e, info->start_ts));
	json__member_str(j, "version", info->version);
	json__member_str(j, "backend", info->backend);
	json__member_str(j, "backend_reason", info->backend_reason);
	json__member_str(j, "profile", info->profile);
	json__member_str(j, "host", info->hostname);
	json__member_str(j, "kernel", info->kernel);
	json__member_str(j, "machine", info->machine);
	json__member_str(j, "boot_id", info->boot_id);
	member_list(j, "command", (const char *const *)info->argv);
	json__member_str(j, "cwd", info->cwd);
	json__member_u64(j, "pid", info->command_pid);
	json__member_u64(j, "cgroup_id", info->cgroup_id);
	json__key(j, "clock_offset_ns");
	json__i64(j, info->clock_offset);
	json__member_str(j, "trace_filter", info->trace_filter);
	json__key(j, "follow_forks");
	json__bool(j, info->follow_forks);
	json__member_str(j, "on_overload", info->on_overload);
	json__member_u64(j, "ring_bytes", info->ring_bytes);
	member_list(j, "layers", info->layers);
	member_list(j, "degraded", info->degraded);
	encode_sandbox__header(j, info);
	json__object_end(j);
	return end_record(j, start);
}

int encode__lost(struct encoder *e, enum event_class class, uint64_t count, uint64_t from,
		 uint64_t to, uint64_t seq, struct json *j)
{
	size_t start = j->len;

	json__object_begin(j);
	json__member_str(j, "event_type", "lost");
	member_time(j, "timestamp", realtime(e, to));
	json__member_u64(j, "seq", seq);
	json__member_str(j, "class", event__class_name(class));
	json__member_u64(j, "count", count);
	member_time(j, "from", realtime(e, from));
	member_time(j, "to", realtime(e, to));
	json__object_end(j);
	return end_record(j, start);
}

int encode__policy(struct encoder *e, const struct policy_change *c, uint64_t ts, uint64_t seq, struct json *j)
{
	size_t start = j->len;

	json__object_begin(j);
	json__member_str(j, "event_type", "policy");
	json__member_str(j, "action", c->action);
	member_time(j, "timestamp", realtime(e, ts));
	json__member_u64(j, "seq", seq);
	json__member_str(j, "mode", c->mode);
	json__member_str(j, "policy", c->policy);
	json__member_str(j, "policy_sha256", c->sha256);
	json__object_end(j);
	return end_record(j, start);
}

static void encode_totals(struct json *j, const struct run_result *res)
{
	json__key(j, "classes");
	json__object_begin(j);
	for (size_t c = 0; c < EV_CLASS_MAX; c++) {
		const struct run_totals *t = &res->totals[c];

		/* those of the security profile: a run without it says nothing of them */
		if (c > EV_CLASS_PROCESS && !t->seen && !t->lost && !t->recorded)
			continue;
		json__key(j, event__class_name(c));
		json__object_begin(j);
		json__member_u64(j, "seen", t->seen);
		json__member_u64(j, "emitted", t->emitted);
		json__member_u64(j, "recorded", t->recorded);
		json__member_u64(j, "aggregated", t->aggregated);
		json__member_u64(j, "suppressed", t->suppressed);
		json__member_u64(j, "lost", t->lost);
		json__object_end(j);
	}
	json__object_end(j);
}

/* How the command ended. */
static void encode_end(struct json *j, const struct run_result *res)
{
	const char *name = signal__name(res->signal);
	char text[FMT_U64_MAX + 3];

	json__key(j, "exit_code");
	if (res->kind == EXIT_EXITED)
		json__i64(j, res->exit_code);
	else
		json__null(j);
	json__member_str(j, "exit_kind", exit_kinds[res->kind]);
	json__key(j, "signal");
	if (!res->signal)
		json__null(j);
	else if (name)
		json__str(j, name);
	else
		json__strn(j, text, (size_t)(fmt_i64(PUT(text, "SIG"), res->signal) - text));
	json__member_str(j, "killed_by", res->killed_by);
}

int encode__summary(struct encoder *e, const struct run_result *res, struct json *j)
{
	uint64_t ns = res->end_ts > e->start_ts ? res->end_ts - e->start_ts : 0;
	struct run_totals sum = { 0 };
	size_t start = j->len;

	for (size_t c = 0; c < EV_CLASS_MAX; c++) {
		sum.recorded += res->totals[c].recorded;
		sum.lost += res->totals[c].lost;
		sum.aggregated += res->totals[c].aggregated;
		sum.suppressed += res->totals[c].suppressed;
	}
	json__object_begin(j);
	json__member_str(j, "event_type", "summary");
	member_time(j, "timestamp", realtime(e, res->end_ts));
	json__member_u64(j, "total_syscalls", res->totals[EV_CLASS_SYSCALL].seen);
	json__member_u64(j, "duration_ms", ns / 1000000);
	encode_end(j, res);
	json__member_u64(j, "recorded", sum.recorded);
	json__member_u64(j, "lost", sum.lost);
	json__member_u64(j, "aggregated", sum.aggregated);
	json__member_u64(j, "suppressed", sum.suppressed);
	json__member_u64(j, "undecoded", res->undecoded);
	json__member_u64(j, "skipped", res->skipped);
	json__member_u64(j, "freezes", res->freezes);
	json__member_u64(j, "frozen_ms", res->frozen_ns / 1000000);
	json__member_u64(j, "utime", res->utime_ns);
	json__member_u64(j, "stime", res->stime_ns);
	encode_totals(j, res);
	if (res->summary)
		summary__write_json(res->summary, res, j);
	if (res->names)
		encode_name__summary(j, res->names);
	encode_sandbox__summary(j, res);
	json__object_end(j);
	return end_record(j, start);
}
