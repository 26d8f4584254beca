/* SPDX-License-Identifier: Apache-2.0 */
/* Files, addresses and refusals in the terminal summary. */
#include <string.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "summary_print.h"

#define CHANGED_SHOWN 12
#define READ_SHOWN 6
#define ADDRS_SHOWN 12
#define DENIED_SHOWN 12

static void escaped(struct print *p, struct sum_str str, int max_cols)
{
	text__escape(p->t, sum_str__get(p->s, str), str.len, max_cols);
}

/* "curl[1234] x3" into T. */
static void who(struct text *t, const struct summary *s, struct sum_str comm, uint32_t pid,
		uint64_t count)
{
	if (comm.len)
		text__escape(t, sum_str__get(s, comm), comm.len, TEXT_NO_LIMIT);
	text__char(t, '[');
	text__u64(t, pid);
	text__char(t, ']');
	if (count > 1) {
		text__put(t, " ×");
		text__grouped(t, count);
	}
}

static bool has_prefix(const struct summary *s, struct sum_str str, const char *prefix)
{
	size_t n = strlen(prefix);

	return str.len >= n && !memcmp(sum_str__get(s, str), prefix, n);
}

/* What nearly every program reads before its own work begins. */
static bool is_routine(const struct summary *s, const struct sum_file *f)
{
	static const char *const prefixes[] = {
		"/lib/",
		"/lib64/",
		"/usr/lib/",
		"/usr/lib64/",
		"/usr/share/locale",
		"/usr/share/zoneinfo",
		"/proc/",
		"/sys/",
		"/dev/",
		"/etc/ld.so",
		"/etc/nsswitch.conf",
		"/usr/share/gcc",
		"/etc/localtime",
		"/etc/locale",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (has_prefix(s, f->path, prefixes[i]))
			return true;
	return false;
}

static bool is_sink(const struct summary *s, const struct sum_file *f)
{
	return !(f->uses & (USE_DELETE | USE_ATTR)) &&
	       (has_prefix(s, f->path, "/dev/null") || has_prefix(s, f->path, "/dev/tty") ||
		has_prefix(s, f->path, "/dev/pts/"));
}

static const char *change_name(uint8_t uses)
{
	if ((uses & USE_DELETE) && (uses & USE_CREATE))
		return "temporary";
	if (uses & USE_DELETE)
		return "removed";
	if (uses & USE_CREATE)
		return "created";
	return uses & USE_WRITE ? "written" : "changed";
}

static void file_line(struct print *p, const struct sum_file *f, const char *verb)
{
	text__put(p->t, "  ");
	text__style(p->t, STYLE_DIM);
	text__put(p->t, verb);
	text__style(p->t, STYLE_NONE);
	text__pad_to(p->t, 13);
	escaped(p, f->path, p->width - 13 - 8);
	if (f->count > 1) {
		text__style(p->t, STYLE_DIM);
		text__put(p->t, " ×");
		text__grouped(p->t, f->count);
		text__style(p->t, STYLE_NONE);
	}
	text__char(p->t, '\n');
}

static void file_totals(struct print *p)
{
	uint32_t n_read = 0, n_changed = 0, n_failed = 0;

	for (uint32_t i = 0; i < p->s->n_files; i++) {
		const struct sum_file *f = &p->s->files[i];

		n_changed += (f->uses & USE_CHANGE) && !is_sink(p->s, f);
		n_read += (f->uses & USE_READ) && !(f->uses & USE_CHANGE);
		n_failed += !f->uses;
	}
	text__style(p->t, STYLE_DIM);
	text__put(p->t, "  ");
	print_count(p, n_read, "read", "read");
	text__put(p->t, ", ");
	print_count(p, n_changed, "changed", "changed");
	if (n_failed) {
		text__put(p->t, ", ");
		print_count(p, n_failed, "failed", "failed");
	}
	if (p->s->files_dropped) {
		text__put(p->t, ", ");
		print_count(p, p->s->files_dropped, "access not listed (table full)",
			    "accesses not listed (table full)");
	}
	text__style(p->t, STYLE_NONE);
	text__char(p->t, '\n');
}

void print_files(struct print *p)
{
	uint64_t shown = 0, more = 0;

	if (!p->s->n_files)
		return;
	print_heading(p, "files");
	file_totals(p);
	for (uint32_t i = 0; i < p->s->n_files; i++) {
		const struct sum_file *f = &p->s->files[i];

		if (!(f->uses & USE_CHANGE) || is_sink(p->s, f))
			continue;
		if (shown++ < CHANGED_SHOWN)
			file_line(p, f, change_name(f->uses));
		else
			more++;
	}
	print_more(p, more, " changed");
	shown = more = 0;
	for (uint32_t i = 0; i < p->s->n_files; i++) {
		const struct sum_file *f = &p->s->files[i];

		if (!(f->uses & USE_READ) || (f->uses & USE_CHANGE))
			continue;
		if (!is_routine(p->s, f) && shown < READ_SHOWN) {
			file_line(p, f, "read");
			shown++;
		} else {
			more++;
		}
	}
	print_more(p, more, " read");
}

static const char *op_name(uint8_t op)
{
	return op == NET_CONNECT ? "connect"
	       : op == NET_BIND	 ? "bind"
	       : op == NET_SEND	 ? "send"
				 : "accept";
}

void print_network(struct print *p)
{
	if (!p->s->n_addrs)
		return;
	print_heading(p, "network");
	text__char(p->t, '\n');
	for (uint32_t i = 0; i < MIN(p->s->n_addrs, ADDRS_SHOWN); i++) {
		const struct sum_addr *a = &p->s->addrs[i];
		const char *error = a->last_errno ? errno__name(a->last_errno) : NULL;
		struct text by;

		text__init(&by, false);
		who(&by, p->s, a->comm, a->pid, a->count);
		text__put(p->t, "  ");
		text__style(p->t, STYLE_DIM);
		text__put(p->t, op_name(a->op));
		text__style(p->t, STYLE_NONE);
		text__pad_to(p->t, 13);
		escaped(p, a->addr, MAX(p->width - 13 - 18 - by.col, 16));
		if (a->name.len) {
			text__put(p->t, "  ");
			escaped(p, a->name, MAX(p->width - p->t->col - by.col - 12, 16));
		}
		if (a->failures) {
			text__put(p->t, "  ");
			text__styled(p->t, STYLE_FAILED, error ? error : "failed");
		}
		print_right(p, &by, STYLE_DIM);
		text__char(p->t, '\n');
		text__done(&by);
	}
	print_more(p,
		   (p->s->n_addrs > ADDRS_SHOWN ? p->s->n_addrs - ADDRS_SHOWN : 0) +
			   p->s->addrs_dropped,
		   " addresses");
}

void print_denied(struct print *p)
{
	if (!p->s->n_denials)
		return;
	print_heading(p, "refused");
	text__char(p->t, '\n');
	for (uint32_t i = 0; i < MIN(p->s->n_denials, DENIED_SHOWN); i++) {
		const struct sum_denied *d = &p->s->denials[i];
		const char *error = d->error ? errno__name(d->error) : NULL;
		struct text by;

		text__init(&by, false);
		who(&by, p->s, d->comm, d->pid, d->count);
		text__put(p->t, "  ");
		text__style(p->t, STYLE_DENIED);
		if (d->name) {
			text__put(p->t, d->name);
		} else {
			text__put(p->t, "syscall_");
			text__i64(p->t, d->nr);
		}
		text__style(p->t, STYLE_NONE);
		if (d->abi != EV_ABI_NATIVE && d->abi < EV_ABI_MAX) {
			text__put(p->t, " [");
			text__put(p->t, syscalls__abi_name((enum ev_abi)d->abi));
			text__char(p->t, ']');
		}
		text__pad_to(p->t, 24);
		text__char(p->t, ' ');
		text__put(p->t, error ? error : "refused");
		print_right(p, &by, STYLE_DIM);
		text__char(p->t, '\n');
		text__done(&by);
	}
	print_more(p,
		   (p->s->n_denials > DENIED_SHOWN ? p->s->n_denials - DENIED_SHOWN : 0) +
			   p->s->denials_dropped,
		   " kinds of call");
}
