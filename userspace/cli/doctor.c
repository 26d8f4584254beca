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
		{ "privileges", "Privileges" },	   { "kernel", "Kernel" },
		{ "bpf", "BPF maps and helpers" }, { "hooks", "BPF hooks" },
		{ "cgroup", "Control groups" },	   { "namespaces", "Namespaces and mounts" },
		{ "sandbox", "Confinement" },	   { "limits", "Limits and network rules" },
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
static void missing(struct page *pg, const struct doctor_report *rep)
{
	const char *fix = NULL;
	bool any = false;

	for (size_t i = 0; i < doctor_nr_probes; i++) {
		if (!doctor_report__is_missing(rep, i))
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

/* "user namespaces: why", or the first that failed of all. */
static const char *reason(const struct doctor_report *rep, unsigned int flags, char *buf, size_t size, const char **ret_fix)
{
	size_t i = doctor_report__first_missing(rep, flags);

	*ret_fix = i < doctor_nr_probes ? rep->results[i].fix : "see below";
	if (i == doctor_nr_probes)
		snprintf(buf, size, "something could not be tried");
	else
		snprintf(buf, size, "%s: %s", doctor_probes[i].what, rep->results[i].detail);
	return buf;
}

static const char *in_one_line(const struct doctor_report *rep, char *line, size_t size, char *fix, size_t fix_size)
{
	const char *record_fix, *contain_fix;
	char record[320], contain[320];

	fix[0] = 0;
	if (rep->ok) {
		snprintf(line, size, "`sandtrace run` records and contains here.");
		return "record+contain";
	}
	reason(rep, PROBE_REQUIRED, record, sizeof(record), &record_fix);
	reason(rep, PROBE_SANDBOX, contain, sizeof(contain), &contain_fix);
	if (rep->contain) {
		snprintf(line, size, "`sandtrace run --backend none` contains here, but nothing can be recorded: %s.", record);
		snprintf(fix, fix_size, "%s", record_fix);
		return "contain";
	}
	snprintf(fix, fix_size, "%s", contain_fix);
	if (rep->record) {
		snprintf(line, size, "`sandtrace run --trace-only` records here, but nothing can be contained: %s.", contain);
		return "record";
	}
	snprintf(line, size, "`sandtrace run` does not work here. Not contained: %s. Not recorded: %s.", contain, record);
	return "none";
}

/* The two lines for those who read no further. */
static void top(struct page *pg, const struct doctor_report *rep)
{
	char line[800], fix[512];

	newline(pg);
	in_one_line(rep, line, sizeof(line), fix, sizeof(fix));
	mark(pg, rep->ok ? PROBE_OK : PROBE_NO);
	wrapped(pg, BOLD, line, pg->name_column);
	if (*fix) {
		labelled(pg, "fix:", BOLD, fix, pg->name_column);
	} else {
		newline(pg);
		wrapped(pg, PLAIN, "Nothing that it needs is missing; what else works follows.", pg->name_column);
	}
	newline(pg);
}

static void backends(struct page *pg, const struct doctor_report *rep)
{
	newline(pg);
	text(pg, BOLD, "Backend: ");
	text(pg, rep->record ? GOOD : BAD, rep->record ? "ebpf." : "none.");
	wrapped(pg, PLAIN,
		rep->record ? "`sandtrace run --trace-only` works here." : "`sandtrace run --trace-only` does not work here.", 0);
	newline(pg);
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
		missing(pg, rep);
	}
	if (!rep->record) {
		wrapped(pg, DIM, "A ptrace backend for places without BPF is announced for a later version.", 0);
		newline(pg);
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
	json__key(j, key);
	json__str(j, value);
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
	json__key(j, "missing");
	json__array_begin(j);
	for (size_t i = 0; i < doctor_nr_probes; i++) {
		if (!doctor_report__is_missing(rep, i))
			continue;
		json__object_begin(j);
		json_pair(j, "id", doctor_probes[i].id);
		json_pair(j, "detail", rep->results[i].detail);
		json_pair(j, "fix", rep->results[i].fix);
		json__object_end(j);
	}
	json__array_end(j);
}

static int show_json(const struct doctor_report *rep, const struct utsname *un)
{
	char line[800], fix[512];
	struct json j;
	int err;

	json__init(&j);
	json__object_begin(&j);
	json_pair(&j, "version", SANDTRACE_VERSION);
	json_pair(&j, "kernel", un->release);
	json_pair(&j, "machine", un->machine);
	json__key(&j, "euid");
	json__u64(&j, geteuid());
	json_pair(&j, "backend", rep->record ? "ebpf" : "none");
	json__key(&j, "ok");
	json__bool(&j, rep->ok);
	json__key(&j, "record");
	json__bool(&j, rep->record);
	json__key(&j, "contain");
	json__bool(&j, rep->contain);
	json_pair(&j, "run", in_one_line(rep, line, sizeof(line), fix, sizeof(fix)));
	json_pair(&j, "verdict", line);
	json_pair(&j, "fix", fix);
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
