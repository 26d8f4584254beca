/* SPDX-License-Identifier: Apache-2.0 */
#include "chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format.h"

#define WIDTH 880
#define LEFT 200   /* where bars begin; the labels end there */
#define RIGHT 190  /* room for the figure behind the longest bar */
#define TOP 124
#define BOTTOM 62
#define ROW 24
#define BAR 14
#define GROUP_HEAD 28
#define GROUP_GAP 12
#define LOG_FROM 30 /* a logarithmic scale when values span more than this */

struct bar {
	const struct bench_row *row;
	bool drawn, shown;
	struct estimate e;
	char text[2 * FORMAT_ROOM + 16];
};

struct picture {
	FILE *out;
	const struct bench_report *report;
	struct bar bars[2 * BENCH_GROUPS][BENCH_ROWS];
	const char *titles[2 * BENCH_GROUPS];
	size_t n_bars[2 * BENCH_GROUPS], n_groups;
	bool logarithmic;
	double from, to; /* of the axis */
};

static const char style[] =
	"text{font:12px system-ui,\"DejaVu Sans\",sans-serif;fill:#24292f}\n"
	".title{font-size:15px;font-weight:600}.sub,.tick,.value{font-size:11px;fill:#57606a}\n"
	".group{font-weight:600}.value{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}\n"
	".grid{stroke:#d0d7de}.one{stroke:#8c959f;stroke-dasharray:3 3}.whisker{stroke:#24292f;stroke-width:1.5}\n"
	".paper{fill:#fff}.none,.floor{fill:#8c959f}.ebpf{fill:#1a7f37}.ptrace{fill:#0969da}.strace{fill:#bc4c00}.unsure{opacity:.3}\n"
	"@media (prefers-color-scheme:dark){text{fill:#e6edf3}.sub,.tick,.value{fill:#9198a1}.value{stroke:#0d1117}\n"
	".grid{stroke:#30363d}.one{stroke:#7d8590}.whisker{stroke:#e6edf3}.paper{fill:#0d1117}\n"
	".none,.floor{fill:#7d8590}.ebpf{fill:#3fb950}.ptrace{fill:#58a6ff}.strace{fill:#f0883e}}\n";

static void escaped(FILE *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		default: fputc(*s, out);
		}
}

static void label(FILE *out, const char *class, const char *anchor, double x, double y, const char *s)
{
	fprintf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x, y, anchor);
	escaped(out, s);
	fputs("</text>\n", out);
}

/* ---- what is shown ----------------------------------------------------------------------------------------------- */

static const char *kind_of(const struct bench_backend *b)
{
	switch (b->kind) {
	case KIND_NONE: return "none";
	case KIND_STRACE: return "strace";
	case KIND_FLOOR_BPF:
	case KIND_FLOOR_PTRACE: return "floor";
	case KIND_RUN: break;
	}
	return strcmp(b->backend, "ptrace") ? "ebpf" : "ptrace";
}

static void fill_bar(struct bar *bar, const struct bench_report *r, const struct bench_group *g, enum metric m)
{
	const struct bench_row *base = &g->rows[BENCH_BASE];
	char figure[FORMAT_ROOM], own[FORMAT_ROOM];
	struct estimate mine;
	enum claim claim;

	if (!compare__own(bar->row, m, &mine, NULL)) {
		snprintf(bar->text, sizeof(bar->text), "not %s%s%.70s", m == METRIC_WALL || bar->row->why[0] ? "measured" : "told",
			 bar->row->why[0] ? ": " : "", bar->row->why);
		return;
	}
	format__ns(own, mine.value);
	if (bar->row == base) {
		bar->drawn = bar->shown = !r->micro;
		bar->e = (struct estimate){ .value = 1, .low = 1, .high = 1, .n = mine.n };
		snprintf(bar->text, sizeof(bar->text), "%s", own);
		return;
	}
	claim = r->micro ? compare__added(bar->row, base, m, &bar->e) : compare__ratio(bar->row, base, m, &bar->e);
	if (claim == CLAIM_NOT_MEASURED)
		return;
	bar->shown = claim == CLAIM_SHOWN;
	bar->drawn = bar->e.value > 0;
	if (r->micro)
		format__added(figure, &bar->e, claim != CLAIM_NOT_SHOWN);
	else if (claim == CLAIM_NOT_SHOWN)
		snprintf(figure, sizeof(figure), "~ (%s)", format__interval(own, &bar->e));
	else
		format__ratio(figure, &bar->e);
	snprintf(bar->text, sizeof(bar->text), "%s%s", claim == CLAIM_TOO_FEW ? "? " : "", figure);
}

static void collect(struct picture *p, const struct bench_group *g, enum metric m, const char *title)
{
	size_t at = p->n_groups++;

	p->titles[at] = title;
	for (size_t i = 0; i < g->n_rows; i++) {
		struct bar *bar = &p->bars[at][p->n_bars[at]++];

		bar->row = &g->rows[i];
		fill_bar(bar, p->report, g, m);
	}
}

/* ---- the axis ---------------------------------------------------------------------------------------------------- */

static void scale(struct picture *p)
{
	double least = INFINITY, most = 0;

	for (size_t g = 0; g < p->n_groups; g++)
		for (size_t i = 0; i < p->n_bars[g]; i++) {
			const struct bar *b = &p->bars[g][i];

			if (!b->drawn)
				continue;
			least = MIN(least, b->e.value);
			most = MAX(most, MAX(b->e.value, b->e.high));
		}
	if (!(most > 0))
		least = most = 1;
	p->logarithmic = most > least * LOG_FROM;
	p->from = !p->logarithmic ? 0 : p->report->micro ? pow(10, floor(log10(least))) : MIN(least, 1);
	p->to = most * (p->logarithmic ? 1.3 : 1.05);
}

static double x_of(const struct picture *p, double v)
{
	double share;

	if (p->logarithmic)
		share = v > p->from ? log(v / p->from) / log(p->to / p->from) : 0;
	else
		share = (v - p->from) / (p->to - p->from);
	return LEFT + MAX(0.0, MIN(share, 1.0)) * (WIDTH - LEFT - RIGHT);
}

static void tick(const struct picture *p, double v, double bottom)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double x = x_of(p, v), n = v;
	char text[32];
	size_t unit = 0;

	while (p->report->micro && n >= 999.5 && unit + 1 < ARRAY_SIZE(units)) {
		n /= 1000;
		unit++;
	}
	snprintf(text, sizeof(text), "%g %s", n, p->report->micro ? units[unit] : "x");
	fprintf(p->out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x, TOP - 8, x, bottom);
	label(p->out, "tick", "middle", x, bottom + 14, text);
}

static void axis(const struct picture *p, double bottom)
{
	static const double steps[] = { 1, 2, 5 };
	bool fine = p->to / MAX(p->from, 1e-9) < 1000; /* 2 and 5 between the powers of ten */
	double step;

	if (p->logarithmic) {
		for (double power = pow(10, floor(log10(p->from))); power <= p->to; power *= 10)
			for (size_t i = 0; i < (fine ? ARRAY_SIZE(steps) : 1); i++)
				if (power * steps[i] >= p->from * 0.999 && power * steps[i] <= p->to)
					tick(p, power * steps[i], bottom);
		return;
	}
	step = pow(10, floor(log10(p->to / 2)));
	while (p->to / step > 7)
		step *= p->to / step > 17 ? 5 : 2;
	for (int i = 0; i * step <= p->to; i++)
		tick(p, i * step, bottom);
}

/* ---- drawing ------------------------------------------------------------------------------------------------------ */

static void draw_bar(const struct picture *p, const struct bar *b, double y)
{
	double end = LEFT;

	label(p->out, "", "end", LEFT - 10, y + BAR - 3, b->row->backend->label);
	if (b->drawn) {
		double x = x_of(p, b->e.value), low = x_of(p, MAX(b->e.low, p->from)), high = x_of(p, b->e.high);

		fprintf(p->out, "<rect class=\"%s%s\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>\n",
			kind_of(b->row->backend), b->shown ? "" : " unsure", LEFT, y, MAX(x - LEFT, 1), BAR);
		if (high - low >= 2)
			fprintf(p->out, "<path class=\"whisker\" fill=\"none\" d=\"M%.1f %.1fV%.1fM%.1f %.1fH%.1fM%.1f %.1fV%.1f\"/>\n", low,
				y + 3, y + BAR - 3, low, y + BAR / 2, high, high, y + 3, y + BAR - 3);
		end = MAX(x, high);
	}
	label(p->out, "value", "start", end + 7, y + BAR - 3, b->text);
}

static void heading(const struct picture *p)
{
	const struct bench_report *r = p->report;
	char line[FORMAT_COMMAND], text[2 * FORMAT_COMMAND];

	label(p->out, "title", "start", 20, 30, format__title(line, r));
	snprintf(text, sizeof(text), "%s, %u CPU%s, Linux %s, sandtrace %s, %s", r->cpu, r->cpus, r->cpus == 1 ? "" : "s", r->kernel,
		 r->version, r->date);
	label(p->out, "sub", "start", 20, 50, text);
	snprintf(text, sizeof(text), "%u round%s%s, each with everything once, compared with the untraced run of the same round.",
		 r->rounds, r->rounds == 1 ? "" : "s", r->interrupted ? " (interrupted)" : "");
	label(p->out, "sub", "start", 20, 66, text);
	snprintf(text, sizeof(text), "Bar: median of the %s; line: its 95 %% interval%s.",
		 r->micro ? "wall time added" : "ratios; untraced = 1", p->logarithmic ? "; logarithmic scale" : "");
	label(p->out, "sub", "start", 20, 82, text);
	label(p->out, "sub", "start", 20, 98, "~ no difference shown: within the noise.   ? too few rounds to claim anything.");
}

static void draw(const struct picture *p)
{
	double y = TOP, bottom, height = TOP + BOTTOM;
	char sentence[FORMAT_SENTENCE];

	for (size_t g = 0; g < p->n_groups; g++)
		height += GROUP_HEAD + (double)p->n_bars[g] * ROW + GROUP_GAP;
	bottom = height - BOTTOM + 4;
	fprintf(p->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\" role=\"img\" "
			"aria-label=\"Cost of tracing by backend\">\n<style>\n%s</style>\n"
			"<rect class=\"paper\" width=\"%d\" height=\"%.0f\" rx=\"6\"/>\n", WIDTH, height, WIDTH, height, style, WIDTH, height);
	heading(p);
	axis(p, bottom);
	if (!p->report->micro)
		fprintf(p->out, "<line class=\"one\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x_of(p, 1), TOP - 8,
			x_of(p, 1), bottom);
	for (size_t g = 0; g < p->n_groups; g++) {
		label(p->out, "group", "start", 20, y + 15, p->titles[g]);
		if ((p->report->micro || !g) && format__ahead(sentence, &p->report->groups[g]) != CLAIM_NOT_MEASURED)
			label(p->out, "value", "start", LEFT + 7, y + 15, sentence);
		y += GROUP_HEAD;
		for (size_t i = 0; i < p->n_bars[g]; i++, y += ROW)
			draw_bar(p, &p->bars[g][i], y);
		y += GROUP_GAP;
	}
	if (!p->report->micro)
		label(p->out, "sub", "start", 20, height - 14, "CPU of the tracer's own processes is not in these bars.");
	fputs("</svg>\n", p->out);
}

void chart__svg(const struct bench_report *r, FILE *out)
{
	struct picture *p = calloc(1, sizeof(*p));

	if (!p)
		return;
	p->out = out;
	p->report = r;
	for (size_t i = 0; i < r->n_groups; i++)
		if (r->micro)
			collect(p, &r->groups[i], METRIC_WALL, r->groups[i].label);
	if (!r->micro) {
		collect(p, &r->groups[0], METRIC_WALL, "Wall time");
		collect(p, &r->groups[0], METRIC_CPU, "CPU of the command");
	}
	scale(p);
	draw(p);
	free(p);
}
