/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_page.h"

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
#define WHERE_MAX 28
#define BY_MAX 18

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

struct page_row *page__row(struct page *p, const char *where, const char *by, const char *fmt, ...)
{
	struct page_row *row = new_row(p);
	va_list ap;

	if (!row)
		return NULL;
	va_start(ap, fmt);
	if (vasprintf(&row->rule, fmt, ap) < 0)
		row->rule = NULL;
	va_end(ap);
	row->where = strdup(where);
	row->by = strdup(by);
	if (!row->rule || !row->where || !row->by) {
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
		free(p->v[i].where);
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

static void measure(const struct page *p, struct layout *l)
{
	size_t where = 0, by = 0, rule = 0, here = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct page_row *r = &p->v[i];

		if (!r->where)
			continue;
		where = MAX(where, columns(r->where));
		by = MAX(by, columns(r->by));
		rule = MAX(rule, columns(r->rule));
		if (!r->bad)
			here = MAX(here, columns(r->here));
	}
	l->width = terminal_width();
	l->where = MIN(where, (size_t)WHERE_MAX);
	l->by = MIN(by, (size_t)BY_MAX);
	l->here = MIN(here, (size_t)17);
	/* indent, and two spaces between columns */
	l->rule = l->width - 2 - l->where - 2 - l->by - 2 - l->here - 2;
	l->rule = MIN(l->rule, rule);
}

/* The start of a place says less than its end: "policies/strict.toml:12:3" -> "...rict.toml:12:3". */
static void put_where(const char *where, const struct layout *l, FILE *out)
{
	size_t n = columns(where), skip = 0;

	if (n > l->where) {
		const char *slash = strrchr(where, '/');

		if (*where != '-' && slash && columns(slash + 1) <= l->where)
			skip = (size_t)(slash + 1 - where);
	}
	where += skip;
	n = columns(where);
	put(where, out);
	if (n > l->where)
		fprintf(out, "\n  %*s", (int)l->where, "");
	else
		fprintf(out, "%*s", (int)(l->where - n), "");
}

static void print_row(const struct page_row *r, const struct layout *l, FILE *out)
{
	size_t indent = 2 + l->where + 2, here = indent + l->rule + 2 + l->by + 2;
	bool wide = columns(r->rule) > l->rule;

	fprintf(out, "  %s", l->dim);
	put_where(r->where, l, out);
	fprintf(out, "%s  ", l->off);
	if (wide) {
		put_wrapped(r->rule, indent, indent, l->width, out);
		fprintf(out, "%*s", (int)(indent + l->rule), "");
	} else {
		put_padded(r->rule, l->rule, out);
	}
	if (r->bad && r->here) {
		/* what is wrong needs more room than a column */
		fprintf(out, "  %sNOT ENFORCED%s\n%*s", l->red, l->off, (int)indent, "");
		put_wrapped(r->here, indent, indent, l->width, out);
		if (r->hint && *r->hint) {
			fprintf(out, "%*shint: ", (int)indent, "");
			put_wrapped(r->hint, indent + 6, indent + 6, l->width, out);
		}
		return;
	}
	fputs("  ", out);
	if (!r->here) {
		fprintf(out, "%s", r->bad ? l->red : "");
		put(r->by, out);
		fprintf(out, "%s\n", r->bad ? l->off : "");
		return;
	}
	put_padded(r->by, l->by, out);
	fprintf(out, "  %s", r->dim ? l->dim : "");
	put_wrapped(r->here, here, here, MAX(l->width, here + 12), out);
	fputs(r->dim ? l->off : "", out);
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
		for (size_t i = 0; i < p->n; i++) {
			if (p->v[i].section != p->sections[s].name)
				continue;
			bad += p->v[i].bad;
			if (p->v[i].where) {
				print_row(&p->v[i], &l, out);
			} else {
				fputs("  - ", out);
				put_wrapped(p->v[i].rule, 4, 4, l.width, out);
			}
		}
	}
	if (bad)
		fprintf(out, "\n%s%u rule%s cannot be enforced here: a run under this policy would not start.%s\n", l.red, bad,
			bad == 1 ? "" : "s", l.off);
	else
		fputs("\nEvery rule is enforced here.\n", out);
}

/* ---- JSON -------------------------------------------------------------------------------------------------- */

static void member(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

void page__print_json(const struct page *p, const struct policy *policy, FILE *out)
{
	struct json_object *root = json_object_new_object(), *rules = json_object_new_array(), *notes = json_object_new_array();
	char hex[65];

	for (size_t i = 0; i < sizeof(policy->sha256); i++)
		sprintf(hex + 2 * i, "%02x", policy->sha256[i]);
	member(root, "policy", policy->name);
	member(root, "sha256", hex);
	json_object_object_add(root, "enforced", json_object_new_boolean(!page__bad(p)));
	for (size_t i = 0; i < p->n; i++) {
		const struct page_row *r = &p->v[i];
		struct json_object *o;

		if (!r->where) {
			json_object_array_add(notes, json_object_new_string(r->rule));
			continue;
		}
		o = json_object_new_object();
		member(o, "section", r->section);
		member(o, "where", strcmp(r->where, "-") ? r->where : NULL);
		member(o, "rule", r->rule);
		member(o, "enforced_by", r->bad ? NULL : r->by);
		json_object_object_add(o, "enforced", json_object_new_boolean(!r->bad));
		member(o, "here", r->here);
		if (r->hint && *r->hint)
			member(o, "hint", r->hint);
		json_object_array_add(rules, o);
	}
	json_object_object_add(root, "rules", rules);
	json_object_object_add(root, "open", notes);
	fprintf(out, "%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}
