// SPDX-License-Identifier: Apache-2.0
/*
 * `sandtrace doctor`: shows what doctor_probe.c found out, as a page for people or as one JSON
 * object. Finds out nothing itself.
 */
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>

#include "../base/log.h"
#include "../base/util.h"
#include "../sink/json.h"
#include "color.h"
#include "doctor_probe.h"
#include "options.h"
#include "sandtrace_version.h"

#define NAME_WIDTH 22
#define BACKEND_WIDTH 8
#define MIN_WIDTH 60
#define MAX_WIDTH 160

struct page {
	FILE *out;
	size_t width, column;
	size_t name_column, text_column;
	bool color, utf8;
};

enum style { PLAIN, DIM, BOLD, GOOD, BAD, DOUBT };
static const char *const escapes[] = {
	"", "\033[2m", "\033[1m", "\033[32m", "\033[31m", "\033[33m"
};

static void put(struct page *pg, enum style style, const char *s, size_t len)
{
	bool on = pg->color && style != PLAIN;

	fprintf(pg->out, "%s%.*s%s", on ? escapes[style] : "", (int)len, s, on ? "\033[0m" : "");
	pg->column += len;
}

static void text(struct page *pg, enum style style, const char *s)
{
	put(pg, style, s, strlen(s));
}

static void newline(struct page *pg)
{
	fputc('\n', pg->out);
	pg->column = 0;
}

static void go_to(struct page *pg, size_t column)
{
	for (; pg->column < column; pg->column++)
		fputc(' ', pg->out);
}

/* Words of S from here on, in lines that start at column INDENT. A word that is too long for a line
 * is cut up. */
static void wrapped(struct page *pg, enum style style, const char *s, size_t indent)
{
	bool first = pg->column <= indent;

	while (*(s += strspn(s, " "))) {
		size_t len = strcspn(s, " ");

		if (!first && pg->column + 1 + len > pg->width) {
			newline(pg);
			first = true;
		}
		go_to(pg, first ? indent : pg->column + 1);
		len = MIN(len, pg->width - pg->column);
		put(pg, style, s, len);
		s += len;
		first = false;
		if (*s && *s != ' ') {
			newline(pg);
			first = true;
		}
	}
}

static void labelled(struct page *pg, const char *label, enum style style, const char *s,
		     size_t column)
{
	newline(pg);
	go_to(pg, column);
	text(pg, DIM, label);
	wrapped(pg, style, s, column + strlen(label) + 1);
}

static void mark(struct page *pg, enum probe_status status)
{
	static const char *const ascii[] = { "ok", "no", "? " }, *const utf8[] = { "✓", "✗", "?" };
	static const enum style styles[] = { GOOD, BAD, DOUBT };

	go_to(pg, 2);
	text(pg, styles[status], pg->utf8 ? utf8[status] : ascii[status]);
	if (pg->utf8) /* one cell wide, whatever its bytes */
		pg->column = 3;
	go_to(pg, pg->name_column);
}

static void row(struct page *pg, const struct probe *p, const struct probe_result *r)
{
	char evidence[sizeof(r->detail) + 2];

	mark(pg, r->status);
	text(pg, r->status == PROBE_UNKNOWN ? DIM : PLAIN, p->what);
	switch (r->status) {
	case PROBE_OK:
		wrapped(pg, PLAIN, p->gives, pg->text_column);
		snprintf(evidence, sizeof(evidence), "(%s)", r->detail);
		wrapped(pg, DIM, evidence, pg->text_column);
		break;
	case PROBE_NO:
		wrapped(pg, PLAIN, r->detail, pg->text_column);
		labelled(pg, "for:", DIM, p->gives, pg->text_column);
		labelled(pg, "fix:", PLAIN, r->fix, pg->text_column);
		break;
	case PROBE_UNKNOWN:
		wrapped(pg, DIM, r->detail, pg->text_column);
		break;
	}
	newline(pg);
}

static const char *title(const char *section)
{
	static const struct {
		const char *section, *title;
	} titles[] = {
		{ "privileges", "Privileges" },		{ "kernel", "Kernel" },
		{ "bpf", "BPF maps and helpers" },	{ "hooks", "BPF hooks" },
		{ "ptrace", "Recording with ptrace" },	{ "cgroup", "Control groups" },
		{ "namespaces", "Namespaces and mounts" }, { "sandbox", "Confinement" },
		{ "limits", "Limits and network rules" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		if (!strcmp(titles[i].section, section))
			return titles[i].title;
	return section;
}

static void heading(struct page *pg, const char *s)
{
	newline(pg);
	text(pg, BOLD, s);
	newline(pg);
}

/* Each reason; the way out once for all reasons in a row that share it. */
static void reasons(struct page *pg, const struct doctor_report *rep, bool (*is_one)(const struct doctor_report *, size_t))
{
	const char *fix = NULL;
	bool any = false;

	for (size_t i = 0; i < doctor_nr_probes; i++) {
		if (!is_one(rep, i))
			continue;
		if (fix && strcmp(fix, rep->results[i].fix)) {
			labelled(pg, "fix:", BOLD, fix, pg->name_column);
			newline(pg);
		} else if (fix) {
			newline(pg);
		}
		mark(pg, PROBE_NO);
		text(pg, PLAIN, doctor_probes[i].what);
		wrapped(pg, PLAIN, rep->results[i].detail, pg->text_column);
		fix = rep->results[i].fix;
		any = true;
	}
	if (fix)
		labelled(pg, "fix:", BOLD, fix, pg->name_column);
	if (any)
		newline(pg);
}

/* "user namespaces: why", of the row that matters most for FLAG. RET_FIX: how to get it. */
static void reason(const struct doctor_report *rep, unsigned int flag, char *buf, size_t size, const char **ret_fix)
{
	size_t i = doctor_report__first_missing(rep, flag);

	/* nothing is wrong with it, then, but it could not be tried */
	for (size_t k = 0; i == doctor_nr_probes && k < doctor_nr_probes; k++)
		if (doctor_probes[k].flags & flag && rep->results[k].status == PROBE_UNKNOWN)
			i = k;
	*ret_fix = i < doctor_nr_probes ? rep->results[i].fix : "see below";
	if (i == doctor_nr_probes)
		snprintf(buf, size, "something could not be tried");
	else
		snprintf(buf, size, "%s: %s", doctor_probes[i].what, rep->results[i].detail);
}

/* What there is to say in short: LINE; a NOTE on what is lesser here, or ""; how to mend it, or "". */
struct short_form {
	const char *run; /* what works: "record+contain", "contain", "record" or "none" */
	char line[1200], note[800], fix[1100];
};

static void why_not_recorded(const struct doctor_report *rep, char *buf, size_t size, char *fix, size_t fix_size)
{
	const char *ebpf_fix, *ptrace_fix;
	char ebpf[320], ptrace[320];

	reason(rep, PROBE_REQUIRED, ebpf, sizeof(ebpf), &ebpf_fix);
	reason(rep, rep->contain ? PROBE_PTRACE_BOX : PROBE_PTRACE, ptrace, sizeof(ptrace), &ptrace_fix);
	snprintf(buf, size, "not with eBPF: %s; not with ptrace: %s", ebpf, ptrace);
	snprintf(fix, fix_size, "%s; or, for ptrace: %s", ebpf_fix, ptrace_fix);
}

static void in_short(const struct doctor_report *rep, struct short_form *f)
{
	bool ptrace = !strcmp(rep->backend, "ptrace");
	char record[700], contain[320];
	const char *fix;

	f->note[0] = f->fix[0] = 0;
	if (ptrace) { /* never without saying so */
		reason(rep, PROBE_REQUIRED, record, sizeof(record), &fix);
		snprintf(f->note, sizeof(f->note), "each call costs more than with eBPF, which does not work here: %s", record);
		snprintf(f->fix, sizeof(f->fix), "%s", fix);
	}
	if (!rep->record)
		why_not_recorded(rep, record, sizeof(record), f->fix, sizeof(f->fix));
	if (rep->ok) {
		f->run = "record+contain";
		snprintf(f->line, sizeof(f->line), "`sandtrace run` records and contains here%s.", ptrace ? ", with ptrace" : "");
		return;
	}
	if (rep->contain) {
		f->run = "contain";
		snprintf(f->line, sizeof(f->line), "`sandtrace run --backend none` contains here, but nothing can be recorded: %s.",
			 record);
		return;
	}
	reason(rep, PROBE_SANDBOX, contain, sizeof(contain), &fix);
	snprintf(f->fix, sizeof(f->fix), "%s", fix);
	f->run = rep->record ? "record" : "none";
	if (rep->record)
		snprintf(f->line, sizeof(f->line), "`sandtrace run --trace-only` records here%s, but nothing can be contained: %s.",
			 ptrace ? ", with ptrace" : "", contain);
	else
		snprintf(f->line, sizeof(f->line), "`sandtrace run` does not work here. Not contained: %s. Not recorded: %s.",
			 contain, record);
}

/* The lines for those who read no further. */
static void top(struct page *pg, const struct doctor_report *rep)
{
	struct short_form f;

	newline(pg);
	in_short(rep, &f);
	mark(pg, rep->ok ? PROBE_OK : PROBE_NO);
	wrapped(pg, BOLD, f.line, pg->name_column);
	if (*f.note)
		labelled(pg, "note:", PLAIN, f.note, pg->name_column);
	if (*f.fix) {
		labelled(pg, "fix:", BOLD, f.fix, pg->name_column);
	} else {
		newline(pg);
		wrapped(pg, PLAIN, "Nothing that it needs is missing; what else works follows.", pg->name_column);
	}
	newline(pg);
}

static void backend_line(struct page *pg, const struct doctor_report *rep)
{
	char line[160];

	newline(pg);
	text(pg, BOLD, "Backend: ");
	snprintf(line, sizeof(line), "%s.", rep->backend);
	text(pg, rep->record ? GOOD : BAD, line);
	if (!strcmp(rep->trace_only, "none"))
		snprintf(line, sizeof(line), "`sandtrace run --trace-only` does not work here.");
	else
		snprintf(line, sizeof(line), "`sandtrace run --trace-only` works here%s.",
			 strcmp(rep->trace_only, "ptrace") ? "" : ", with ptrace");
	wrapped(pg, PLAIN, line, 0);
	newline(pg);
}

static void backends(struct page *pg, const struct doctor_report *rep)
{
	backend_line(pg, rep);
	text(pg, BOLD, "Sandbox: ");
	text(pg, rep->contain ? GOOD : BAD, rep->contain ? "all layers." : "none.");
	wrapped(pg, PLAIN,
		rep->contain ? "`sandtrace run --backend none` works here."
			     : "`sandtrace run` does not work here, with or without recording.", 0);
	newline(pg);
	if (!rep->ok) {
		newline(pg);
		text(pg, BOLD, "To be mended:");
		newline(pg);
		reasons(pg, rep, doctor_report__is_missing);
	}
	if (!strcmp(rep->backend, "ptrace")) {
		newline(pg);
		text(pg, BOLD, "To record with eBPF, which costs less:");
		newline(pg);
		reasons(pg, rep, doctor_report__is_noted);
	}
}

static void verdict(struct page *pg, const struct doctor_report *rep)
{
	heading(pg, "What would be used here");
	for (size_t i = 0; i < DOCTOR_CLASSES; i++) {
		const struct doctor_class *c = &rep->classes[i];

		mark(pg, strcmp(c->backend, "none") ? PROBE_OK : PROBE_NO);
		text(pg, PLAIN, c->class);
		wrapped(pg, BOLD, c->backend, pg->text_column);
		wrapped(pg, PLAIN, c->hook, pg->text_column + BACKEND_WIDTH);
		newline(pg);
	}
	backends(pg, rep);
}

static size_t terminal_width(int fd)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) || !ws.ws_col)
		return 80;
	return MAX(MIN_WIDTH, MIN(MAX_WIDTH, ws.ws_col));
}

static void show_page(const struct doctor_report *rep, const struct utsname *un, bool color)
{
	const struct run_options color_options = { .no_color = !color };
	struct page pg = {
		.out = stdout,
		.width = terminal_width(STDOUT_FILENO),
		.color = color__wanted(&color_options, STDOUT_FILENO),
		.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
	};
	const char *section = "";
	char line[512];

	pg.name_column = pg.utf8 ? 4 : 5;
	pg.text_column = pg.name_column + NAME_WIDTH + 1;
	snprintf(line, sizeof(line), "sandtrace %s on Linux %s, %s, uid %u", SANDTRACE_VERSION,
		 un->release, un->machine, geteuid());
	wrapped(&pg, PLAIN, line, 0);
	newline(&pg);
	top(&pg, rep);
	for (size_t i = 0; i < doctor_nr_probes; i++) {
		if (strcmp(section, doctor_probes[i].section))
			heading(&pg, title(doctor_probes[i].section));
		section = doctor_probes[i].section;
		row(&pg, &doctor_probes[i], &rep->results[i]);
	}
	verdict(&pg, rep);
}

static void json_pair(struct json *j, const char *key, const char *value)
{
	json__member_str(j, key, value);
}

static void json_probes(struct json *j, const struct doctor_report *rep)
{
	static const char *const status[] = { "ok", "no", "unknown" };

	json__key(j, "probes");
	json__array_begin(j);
	for (size_t i = 0; i < doctor_nr_probes; i++) {
		const struct probe *p = &doctor_probes[i];

		json__object_begin(j);
		json_pair(j, "id", p->id);
		json_pair(j, "section", p->section);
		json_pair(j, "what", p->what);
		json_pair(j, "status", status[rep->results[i].status]);
		json__key(j, "required");
		json__bool(j, p->flags & PROBE_REQUIRED);
		json__key(j, "contains");
		json__bool(j, probe__contains(p));
		json_pair(j, "detail", rep->results[i].detail);
		json_pair(j, "gives", p->gives);
		json_pair(j, "fix", rep->results[i].fix);
		json__object_end(j);
	}
	json__array_end(j);
}

static void json_reasons(struct json *j, const char *key, const struct doctor_report *rep,
			 bool (*is_one)(const struct doctor_report *, size_t))
{
	json__key(j, key);
	json__array_begin(j);
	for (size_t i = 0; i < doctor_nr_probes; i++) {
		if (!is_one(rep, i))
			continue;
		json__object_begin(j);
		json_pair(j, "id", doctor_probes[i].id);
		json_pair(j, "detail", rep->results[i].detail);
		json_pair(j, "fix", rep->results[i].fix);
		json__object_end(j);
	}
	json__array_end(j);
}

static void json_backend(struct json *j, const char *name, const struct doctor_report *rep, bool works, unsigned int flag)
{
	const char *fix = "";
	char why[320] = "";

	if (!works)
		reason(rep, flag, why, sizeof(why), &fix);
	json__key(j, name);
	json__object_begin(j);
	json__key(j, "works");
	json__bool(j, works);
	json_pair(j, "reason", why);
	json_pair(j, "fix", fix);
	json__object_end(j);
}

/* Each by itself, whatever `run` would choose. */
static void json_backends(struct json *j, const struct doctor_report *rep)
{
	json__key(j, "backends");
	json__object_begin(j);
	json_backend(j, "ebpf", rep, rep->ebpf, PROBE_REQUIRED);
	json_backend(j, "ptrace", rep, rep->ptrace, PROBE_PTRACE);
	json_backend(j, "ptrace_sandbox", rep, rep->ptrace_box, PROBE_PTRACE_BOX);
	json__object_end(j);
}

static void json_verdict(struct json *j, const struct doctor_report *rep)
{
	json__key(j, "classes");
	json__array_begin(j);
	for (size_t i = 0; i < DOCTOR_CLASSES; i++) {
		json__object_begin(j);
		json_pair(j, "class", rep->classes[i].class);
		json_pair(j, "hook", rep->classes[i].hook);
		json_pair(j, "backend", rep->classes[i].backend);
		json__object_end(j);
	}
	json__array_end(j);
	json_reasons(j, "missing", rep, doctor_report__is_missing);
	json_reasons(j, "noted", rep, doctor_report__is_noted);
}

static int show_json(const struct doctor_report *rep, const struct utsname *un)
{
	struct short_form f;
	struct json j;
	int err;

	json__init(&j);
	json__object_begin(&j);
	json_pair(&j, "version", SANDTRACE_VERSION);
	json_pair(&j, "kernel", un->release);
	json_pair(&j, "machine", un->machine);
	json__member_u64(&j, "euid", geteuid());
	in_short(rep, &f);
	json_pair(&j, "backend", rep->backend);
	json_pair(&j, "trace_only", rep->trace_only);
	json_backends(&j, rep);
	json__key(&j, "ok");
	json__bool(&j, rep->ok);
	json__key(&j, "record");
	json__bool(&j, rep->record);
	json__key(&j, "contain");
	json__bool(&j, rep->contain);
	json_pair(&j, "run", f.run);
	json_pair(&j, "verdict", f.line);
	json_pair(&j, "note", f.note);
	json_pair(&j, "fix", f.fix);
	json_probes(&j, rep);
	json_verdict(&j, rep);
	json__object_end(&j);
	json__newline(&j);
	err = j.err;
	if (!err)
		fwrite(j.buf, 1, j.len, stdout);
	json__done(&j);
	return err;
}

/* 0: go on; 1: the process ends with *RET_STATUS, all is said. */
static int parse(int argc, char **argv, bool *ret_json, bool *ret_color, int *ret_status)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			*ret_json = true;
		} else if (!strcmp(argv[i], "--no-color")) {
			*ret_color = false;
		} else if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			*ret_status = help__command("doctor");
			return 1;
		} else {
			log_err(0, "doctor: unknown argument '%.100s'", argv[i]);
			log_hint("sandtrace doctor --help lists the options");
			*ret_status = EXIT_USAGE;
			return 1;
		}
	}
	return 0;
}

/* argv[0] is "doctor". */
int cmd_doctor(int argc, char **argv)
{
	bool json = false, color = true;
	struct doctor_report rep;
	struct utsname un;
	int err, status;

	if (parse(argc, argv, &json, &color, &status))
		return status;
	setlocale(LC_CTYPE, "");
	uname(&un);
	err = doctor__run(&rep, false);
	if (!err && json)
		err = show_json(&rep, &un);
	else if (!err)
		show_page(&rep, &un, color);
	status = rep.ok ? 0 : EXIT_UNSUPPORTED;
	doctor_report__done(&rep);
	if (err) {
		log_errno(err, "doctor");
		return EXIT_FAILURE;
	}
	return help__flush(EXIT_FAILURE) ?: status;
}
