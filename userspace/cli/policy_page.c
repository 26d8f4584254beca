/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_page.h"
#include "run_policy.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/util.h"
#include "color.h"
#include "options.h"

#define WIDTH_MIN 72
#define WIDTH_MAX 120
#define WHERE_MAX 9
#define BY_MAX 17
#define HERE_MAX 17

const char *page__verb(enum rule_kind kind)
{
	static const char *const verbs[RULE_KIND_MAX] = {
		[RULE_READ] = "read",
		[RULE_WRITE] = "write",
		[RULE_EXEC] = "execute",
		[RULE_DENY] = "deny",
		[RULE_DENY_WRITE] = "deny write",
		[RULE_DENY_EXEC] = "deny exec",
		[RULE_NET] = "allow",
		[RULE_SYSCALL_DENY] = "deny",
		[RULE_SYSCALL_LOG] = "mark",
		[RULE_SYSCALL_ALLOW] = "allow",
		[RULE_ENV_ALLOW] = "pass",
		[RULE_ENV_SET] = "set",
		[RULE_ENV_STRIP] = "never names with",
	};

	return verbs[kind];
}

void page__section(struct page *p, const char *name, const char *remark)
{
	p->section = name;
	if (p->n_sections < ARRAY_SIZE(p->sections)) {
		p->sections[p->n_sections].name = name;
		p->sections[p->n_sections++].remark = remark;
	}
}

static struct page_row *new_row(struct page *p)
{
	struct page_row *v = reallocarray(p->v, p->n + 1, sizeof(*v));

	if (!v) {
		p->no_memory = true;
		return NULL;
	}
	p->v = v;
	v[p->n] = (struct page_row){ .section = p->section };
	return &v[p->n++];
}

struct page_row *page__row(struct page *p, const struct policy_source *src, const char *by, const char *fmt, ...)
{
	struct page_row *row = new_row(p);
	va_list ap;

	if (!row)
		return NULL;
	va_start(ap, fmt);
	if (vasprintf(&row->rule, fmt, ap) < 0)
		row->rule = NULL;
	va_end(ap);
	row->src = src && src->name ? src : NULL;
	row->by = strdup(by);
	if (!row->rule || !row->by) {
		p->no_memory = true;
		return NULL;
	}
	return row;
}

void page__note(struct page *p, const char *text)
{
	struct page_row *row = new_row(p);

	if (row)
		row->rule = strdup(text);
	p->no_memory |= !row || !row->rule;
}

void page__set(char **field, const char *fmt, ...)
{
	va_list ap;

	free(*field);
	va_start(ap, fmt);
	if (vasprintf(field, fmt, ap) < 0)
		*field = NULL;
	va_end(ap);
}

bool page__failed(const struct page *p)
{
	return p->no_memory;
}

bool page__bad(const struct page *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].bad)
			return true;
	return false;
}

void page__done(struct page *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].rule);
		free(p->v[i].by);
		free(p->v[i].here);
		free(p->v[i].hint);
	}
	free(p->v);
	p->v = NULL;
	p->n = 0;
}

/* ---- text -------------------------------------------------------------------------------------------------- */

/* Columns that S takes: bytes that begin a character. */
static size_t columns(const char *s)
{
	size_t n = 0;

	for (; s && *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* What is in a policy must not reach the terminal as control sequences. */
static void put(const char *s, FILE *out)
{
	for (; *s; s++)
		fputc((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s, out);
}

static void put_padded(const char *s, size_t width, FILE *out)
{
	size_t have = columns(s);

	put(s, out);
	if (have < width)
		fprintf(out, "%*s", (int)(width - have), "");
}

/* Words of TEXT from column AT on, further lines from INDENT on. */
static void put_wrapped(const char *text, size_t at, size_t indent, size_t width, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		char word[512];

		snprintf(word, sizeof(word), "%.*s", (int)MIN(len, sizeof(word) - 1), text);
		if (at > indent && at + 1 + columns(word) > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		put(word, out);
		at += columns(word);
		text += len + strspn(text + len, " ");
	}
	fputc('\n', out);
}

struct layout {
	size_t where, rule, by, here, width;
	const char *bold, *dim, *red, *off;
};

static size_t terminal_width(void)
{
	struct winsize ws;
	const char *s = getenv("COLUMNS");
	uint64_t v;

	if (s && !parse_u64(s, WIDTH_MIN, 1000, &v))
		return MIN((size_t)v, (size_t)WIDTH_MAX);
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_col)
		return MAX((size_t)WIDTH_MIN, MIN((size_t)ws.ws_col, (size_t)WIDTH_MAX));
	return 80;
}

/* "12:3", "option", "-". The file stands above. */
static const char *place(const struct page_row *r, char *buf, size_t size)
{
	if (!r->src)
		return "-";
	if (!r->src->line)
		return "option";
	snprintf(buf, size, "%u:%u", r->src->line, r->src->column);
	return buf;
}

static void measure(const struct page *p, struct layout *l)
{
	size_t rule = 0;
	char buf[32];

	l->width = terminal_width();
	for (size_t i = 0; i < p->n; i++) {
		const struct page_row *r = &p->v[i];

		if (!r->by)
			continue;
		l->where = MAX(l->where, columns(place(r, buf, sizeof(buf))));
		l->by = MAX(l->by, columns(r->by));
		rule = MAX(rule, columns(r->rule));
		if (!r->bad)
			l->here = MAX(l->here, columns(r->here));
	}
	l->where = MIN(l->where, (size_t)WHERE_MAX);
	l->by = MIN(l->by, (size_t)BY_MAX);
	l->here = MIN(l->here, (size_t)HERE_MAX);
	/* an indent, and two spaces between columns */
	l->rule = MIN(l->width - 2 - l->where - 2 - 2 - l->by - 2 - l->here, rule);
}

/* As many words of *TEXT as fit into WIDTH columns, and not fewer than one. Returns the columns that they take. */
static size_t put_line(const char **text, size_t width, FILE *out)
{
	size_t at = 0;

	while (**text) {
		size_t len = strcspn(*text, " ");
		char word[512];

		snprintf(word, sizeof(word), "%.*s", (int)MIN(len, sizeof(word) - 1), *text);
		if (at && at + 1 + columns(word) > width)
			break;
		if (at)
			at += (size_t)fprintf(out, " ");
		put(word, out);
		at += columns(word);
		*text += len + strspn(*text + len, " ");
	}
	return at;
}

static void print_bad(const struct page_row *r, const struct layout *l, size_t indent, FILE *out)
{
	fprintf(out, "%sNOT ENFORCED%s\n", l->red, l->off);
	if (!r->here)
		return;
	fprintf(out, "%*s", (int)indent, "");
	put_wrapped(r->here, indent, indent, l->width, out);
	if (r->hint && *r->hint) {
		fprintf(out, "%*shint: ", (int)indent, "");
		put_wrapped(r->hint, indent + 6, indent + 6, l->width, out);
	}
}

/* What enforces it, and what it comes to: on a line of its own where it is long. */
static void print_here(const struct page_row *r, const struct layout *l, size_t indent, FILE *out)
{
	size_t at = indent + l->rule + 2 + l->by + 2;

	if (at + columns(r->here) <= l->width) {
		put_padded(r->by, l->by, out);
		fprintf(out, "  %s", r->dim ? l->dim : "");
		put(r->here, out);
		fputc('\n', out);
	} else {
		put(r->by, out);
		fprintf(out, "\n%*s%s", (int)indent, "", r->dim ? l->dim : "");
		put_wrapped(r->here, indent, indent, l->width, out);
	}
	fputs(r->dim ? l->off : "", out);
}

static void print_row(const struct page_row *r, const struct layout *l, FILE *out)
{
	size_t indent = 2 + l->where + 2, at;
	const char *rest = r->rule;
	char buf[32];

	fprintf(out, "  %s", l->dim);
	put_padded(place(r, buf, sizeof(buf)), l->where, out);
	fprintf(out, "%s  ", l->off);
	if (!*r->by) { /* a list, which needs the whole width */
		put_wrapped(r->rule, indent, indent, l->width, out);
		return;
	}
	at = put_line(&rest, l->rule, out);
	if (at > l->rule) {
		fprintf(out, "\n%*s", (int)indent, "");
		at = 0;
	}
	fprintf(out, "%*s", (int)(l->rule - at + 2), "");
	if (r->bad) {
		print_bad(r, l, indent, out);
	} else if (r->here) {
		print_here(r, l, indent, out);
	} else {
		put(r->by, out);
		fputc('\n', out);
	}
	while (*rest) {
		fprintf(out, "%*s", (int)indent, "");
		put_line(&rest, l->rule, out);
		fputc('\n', out);
	}
}

/* The rows of one section, each file's under its name. */
static void print_section(const struct page *p, const char *section, const struct layout *l, FILE *out)
{
	const char *file = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct page_row *r = &p->v[i];

		if (r->section != section)
			continue;
		if (!r->by) {
			fputs("  - ", out);
			put_wrapped(r->rule, 4, 4, l->width, out);
			continue;
		}
		if (r->src && r->src->line && (!file || strcmp(file, r->src->name))) {
			file = r->src->name;
			fprintf(out, "  %s", l->dim);
			put(file, out);
			fprintf(out, "%s\n", l->off);
		}
		print_row(r, l, out);
	}
}

void page__print(const struct page *p, const struct policy *policy, FILE *out, bool color)
{
	const struct run_options opts = { .no_color = !color };
	struct layout l = { .bold = "", .dim = "", .red = "", .off = "" };
	unsigned int bad = 0;

	if (color__wanted(&opts, STDOUT_FILENO))
		l = (struct layout){ .bold = "\033[1m", .dim = "\033[2m", .red = "\033[31m", .off = "\033[0m" };
	measure(p, &l);
	fprintf(out, "%spolicy ", l.bold);
	put(policy->name ? policy->name : "?", out);
	fprintf(out, "%s\n", l.off);
	for (size_t s = 0; s < p->n_sections; s++) {
		fprintf(out, "\n%s%s%s%s%s%s\n", l.bold, p->sections[s].name, l.off, p->sections[s].remark ? " (" : "",
			p->sections[s].remark ? p->sections[s].remark : "", p->sections[s].remark ? ")" : "");
		print_section(p, p->sections[s].name, &l, out);
	}
	for (size_t i = 0; i < p->n; i++)
		bad += p->v[i].bad;
	if (bad)
		fprintf(out, "\n%s%u rule%s cannot be enforced here: a run under this policy would not start.%s\n", l.red, bad,
			bad == 1 ? "" : "s", l.off);
	else
		fputs("\n`run` enforces every rule here.\n", out);
}

/* ---- JSON -------------------------------------------------------------------------------------------------- */

static void member(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

/* What `attach` would not enforce, one by one. */
static struct json_object *live_gaps(const struct live_policy *live)
{
	static const char *const kinds[] = { [LIVE_GAP_LAYER] = "layer", [LIVE_GAP_HOOK] = "hook", [LIVE_GAP_ABSENT] = "absent",
					     [LIVE_GAP_PATH] = "path", [LIVE_GAP_LAUNCH] = "launch" };
	struct json_object *gaps = json_object_new_array();
	char where[320];

	for (size_t i = 0; i < live->n_gaps; i++) {
		const struct live_gap *g = &live->gaps[i];
		struct json_object *o = json_object_new_object();

		member(o, "where", policy__where(g->src, where, sizeof(where)));
		member(o, "kind", kinds[g->kind]);
		member(o, "text", g->text);
		json_object_array_add(gaps, o);
	}
	return gaps;
}

void page__print_json(const struct page *p, const struct policy *policy, const struct live_policy *live, FILE *out)
{
	struct json_object *root = json_object_new_object(), *rules = json_object_new_array(), *notes = json_object_new_array();
	char hex[65], where[320];

	run_policy__hash(policy, hex);
	member(root, "policy", policy->name);
	member(root, "sha256", hex);
	json_object_object_add(root, "enforced", json_object_new_boolean(!page__bad(p)));
	for (size_t i = 0; i < p->n; i++) {
		const struct page_row *r = &p->v[i];
		struct json_object *o;

		if (!r->by) {
			json_object_array_add(notes, json_object_new_string(r->rule));
			continue;
		}
		o = json_object_new_object();
		member(o, "section", r->section);
		member(o, "where", r->src ? policy__where(r->src, where, sizeof(where)) : NULL);
		member(o, "rule", r->rule);
		member(o, "enforced_by", r->bad ? NULL : *r->by ? r->by : "environment");
		json_object_object_add(o, "enforced", json_object_new_boolean(!r->bad));
		member(o, "here", r->here);
		if (r->hint && *r->hint)
			member(o, "hint", r->hint);
		if (r->live || r->live_why)
			member(o, "live", r->live);
		if (r->live_why)
			member(o, "live_reason", r->live_why);
		json_object_array_add(rules, o);
	}
	json_object_object_add(root, "rules", rules);
	json_object_object_add(root, "open", notes);
	json_object_object_add(root, "not_live", live_gaps(live));
	fprintf(out, "%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}
