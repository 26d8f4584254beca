/* SPDX-License-Identifier: Apache-2.0 */
/* Findings in the terminal summary: worst first; of the bad ones, how they came about and which records show it. */
#include <string.h>

#include "../base/util.h"
#include "summary_print.h"

#define FINDINGS_SHOWN 20
#define ID_COLUMN 12
#define ID_WIDTH_MAX 20

static void process(struct text *t, const struct finding_who *who)
{
	text__escape(t, who->comm, strlen(who->comm), TEXT_NO_LIMIT);
	text__char(t, '[');
	text__u64(t, who->pid);
	text__char(t, ']');
}

static void by_whom(struct text *t, const struct finding *f)
{
	if (f->failures == f->count)
		text__put(t, "failed  ");
	if (f->who.pid)
		process(t, &f->who);
	if (f->count > 1) {
		text__put(t, " ×");
		text__grouped(t, f->count);
	}
}

/* "x[3] < sh[2] < npm[1], record 17": and what came before it, a line each. */
static void evidence(struct print *p, const struct finding *f)
{
	struct text t;

	text__init(&t, false);
	text__pad_to(&t, ID_COLUMN);
	by_whom(&t, f);
	for (unsigned int i = 0; i < f->n_ancestors; i++) {
		text__put(&t, " < ");
		process(&t, &f->ancestors[i]);
	}
	text__cut(&t, p->width - 24);
	text__put(&t, ", record ");
	text__u64(&t, f->seq);
	text__put(&t, "\n");
	text__style(p->t, STYLE_DIM);
	text__append(p->t, &t);
	for (unsigned int i = 0; i < f->n_steps; i++) {
		text__reset(&t);
		text__pad_to(&t, ID_COLUMN);
		text__put(&t, "and record ");
		text__u64(&t, f->steps[i].seq);
		text__put(&t, " by ");
		process(&t, &f->steps[i].who);
		text__put(&t, ": ");
		text__escape(&t, f->steps[i].object, strlen(f->steps[i].object), MAX(p->width - t.col, 14));
		text__put(&t, "\n");
		text__append(p->t, &t);
	}
	text__style(p->t, STYLE_NONE);
	text__done(&t);
}

/* Who did it stands at the end of the line where there is room, and below it with the evidence. */
static void line(struct print *p, const struct finding *f, int id_width)
{
	static const uint8_t styles[SEV_MAX] = {STYLE_DIM, STYLE_DIM, STYLE_WARN, STYLE_DENIED, STYLE_DENIED};
	bool bad = f->seq && (f->severity >= SEV_HIGH || f->n_steps);
	struct text by;

	text__init(&by, false);
	if (!bad)
		by_whom(&by, f);
	text__put(p->t, "  ");
	text__styled(p->t, (enum style)styles[f->severity], rule__severity_name((enum severity)f->severity));
	text__pad_to(p->t, ID_COLUMN);
	text__put(p->t, f->rule->id);
	text__pad_to(p->t, ID_COLUMN + id_width);
	text__put(p->t, "  ");
	text__put(p->t, f->rule->text);
	if (f->len) {
		text__put(p->t, ": ");
		text__escape(p->t, f->object, f->len, MAX(p->width - p->t->col, 14));
	}
	if (by.col) {
		if (p->t->col + by.col + 2 > p->width)
			text__char(p->t, '\n');
		print_right(p, &by, STYLE_DIM);
	}
	text__char(p->t, '\n');
	text__done(&by);
	if (bad)
		evidence(p, f);
}

void print_findings(struct print *p)
{
	const struct findings *all = p->s->findings;
	const struct finding *f;
	uint64_t shown = 0, more = findings__dropped(all), expected = 0;

	int id_width = 0;

	for (uint32_t i = 0; (f = findings__at(all, i)) && i < FINDINGS_SHOWN; i++)
		id_width = f->severity == SEV_INFO ? id_width : MAX(id_width, (int)strlen(f->rule->id));
	for (uint32_t i = 0; (f = findings__at(all, i)); i++) {
		if (f->severity == SEV_INFO) {
			expected++;
		} else if (shown == FINDINGS_SHOWN) {
			more++;
		} else {
			if (!shown++) {
				print_heading(p, "findings");
				text__char(p->t, '\n');
			}
			line(p, f, MIN(id_width, ID_WIDTH_MAX));
		}
	}
	print_more(p, more, " findings");
	if (shown)
		print_more(p, expected, " that are expected of who did it: in the trace");
}
