/* SPDX-License-Identifier: Apache-2.0 */
/* The text buffer: growth, columns, colours, numbers, and the escaping of untrusted bytes. */
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"

/* The 16 basic colours only: they follow the reader's own palette, light or dark. */
static const char *const style_seq[STYLE_MAX] = {
	[STYLE_NONE] = "\033[0m",     [STYLE_DIM] = "\033[2m",	      [STYLE_BOLD] = "\033[1m",
	[STYLE_FILE] = "\033[36m",    [STYLE_DIRECTORY] = "\033[36m", [STYLE_NETWORK] = "\033[35m",
	[STYLE_PROCESS] = "\033[33m", [STYLE_MEMORY] = "\033[34m",    [STYLE_SYSTEM] = "\033[1;34m",
	[STYLE_IPC] = "\033[32m",     [STYLE_FAILED] = "\033[31m",    [STYLE_DENIED] = "\033[1;31m",
	[STYLE_GOOD] = "\033[32m",    [STYLE_WARN] = "\033[1;33m",
};

void text__init(struct text *t, bool color)
{
	memset(t, 0, sizeof(*t));
	t->color = color;
}

void text__done(struct text *t)
{
	free(t->buf);
	text__init(t, t->color);
}

void text__reset(struct text *t)
{
	t->len = 0;
	t->col = 0;
}

static bool reserve(struct text *t, size_t n)
{
	size_t cap = t->cap ? t->cap : 512;
	char *buf;

	if (t->err)
		return false;
	if (t->cap - t->len >= n)
		return true;
	while (cap - t->len < n)
		cap *= 2;
	buf = realloc(t->buf, cap);
	if (!buf) {
		t->err = -ENOMEM;
		return false;
	}
	t->buf = buf;
	t->cap = cap;
	return true;
}

static void raw(struct text *t, const void *s, size_t n, int cols)
{
	if (!n || !reserve(t, n))
		return;
	memcpy(t->buf + t->len, s, n);
	t->len += n;
	t->col += cols;
}

void text__char(struct text *t, char c)
{
	raw(t, &c, 1, 1);
	if (c == '\n')
		t->col = 0;
}

void text__put(struct text *t, const char *s)
{
	size_t n = strlen(s);
	int cols = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n')
			cols = -t->col;
		else if (((unsigned char)s[i] & 0xc0) != 0x80)
			cols++;
	}
	raw(t, s, n, cols);
}

void text__repeat(struct text *t, const char *s, int times)
{
	while (times-- > 0)
		text__put(t, s);
}

void text__u64(struct text *t, uint64_t v)
{
	char buf[24], *p = buf + sizeof(buf);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	raw(t, p, (size_t)(buf + sizeof(buf) - p), (int)(buf + sizeof(buf) - p));
}

void text__i64(struct text *t, int64_t v)
{
	if (v < 0)
		text__char(t, '-');
	text__u64(t, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void text__hex(struct text *t, uint64_t v)
{
	char buf[18], *p = buf + sizeof(buf);

	do
		*--p = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	*--p = 'x';
	*--p = '0';
	raw(t, p, (size_t)(buf + sizeof(buf) - p), (int)(buf + sizeof(buf) - p));
}

void text__octal(struct text *t, uint64_t v)
{
	char buf[24], *p = buf + sizeof(buf);

	for (; v; v >>= 3)
		*--p = (char)('0' + (v & 7));
	*--p = '0';
	raw(t, p, (size_t)(buf + sizeof(buf) - p), (int)(buf + sizeof(buf) - p));
}

void text__grouped(struct text *t, uint64_t v)
{
	char buf[32], *p = buf + sizeof(buf);
	int digits = 0;

	do {
		if (digits && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + v % 10);
		digits++;
	} while (v /= 10);
	raw(t, p, (size_t)(buf + sizeof(buf) - p), (int)(buf + sizeof(buf) - p));
}

void text__pad_to(struct text *t, int col)
{
	static const char spaces[] =
		"                                                                ";

	while (t->col < col && !t->err) {
		int n = MIN(col - t->col, (int)sizeof(spaces) - 1);

		raw(t, spaces, (size_t)n, n);
	}
}

void text__style(struct text *t, enum style style)
{
	if (t->color)
		raw(t, style_seq[style], strlen(style_seq[style]), 0);
}

void text__styled(struct text *t, enum style style, const char *s)
{
	text__style(t, style);
	text__put(t, s);
	text__style(t, STYLE_NONE);
}

void text__append(struct text *t, const struct text *src)
{
	if (src->err && !t->err)
		t->err = src->err;
	raw(t, src->buf, src->len, src->col);
}

void text__bytes(struct text *t, const void *data, size_t len)
{
	raw(t, data, len, (int)len);
}

/* Length of the UTF-8 sequence at S and its code point; 0: overlong, surrogate, too big or cut. */
static unsigned int utf8_char(const uint8_t *s, size_t len, uint32_t *ret_cp)
{
	unsigned int n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t cp;

	if (!n || n > len)
		return 0;
	cp = s[0] & (0x7fU >> n);
	for (unsigned int i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && cp < 0x800) || (n == 4 && cp < 0x10000) || cp > 0x10ffff ||
	    (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*ret_cp = cp;
	return n;
}

struct range {
	uint32_t from, to;
};

static bool in_ranges(uint32_t cp, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cp >= r[i].from && cp <= r[i].to)
			return true;
	return false;
}

/* Columns of a code point: 0 combining, 2 wide, -1 must not reach a terminal. */
static int cp_cols(uint32_t cp)
{
	/* C1 controls, what reorders, hides or joins text, private use, noncharacters, tags */
	static const struct range hidden[] = {
		{0x80, 0x9f},	  {0xad, 0xad},	    {0x34f, 0x34f},	 {0x61c, 0x61c},
		{0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},	 {0x200b, 0x200f},
		{0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},	 {0xd800, 0xf8ff},
		{0xfdd0, 0xfdef}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},	 {0xffa0, 0xffa0},
		{0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0x10ffff},
	};
	static const struct range combining[] = {
		{0x300, 0x36f},	  {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
		{0x64b, 0x65f},	  {0x6d6, 0x6dc},   {0x900, 0x902},   {0x93c, 0x93c},
		{0x941, 0x948},	  {0x94d, 0x94d},   {0xe31, 0xe31},   {0xe34, 0xe3a},
		{0xe47, 0xe4e},	  {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff},
		{0x3099, 0x309a}, {0xfe20, 0xfe2f},
	};
	static const struct range wide[] = {
		{0x1100, 0x115e},   {0x231a, 0x231b},	{0x23e9, 0x23ec},   {0x25fd, 0x25fe},
		{0x2614, 0x2615},   {0x2648, 0x2653},	{0x26a1, 0x26a1},   {0x2705, 0x2705},
		{0x270a, 0x270b},   {0x2728, 0x2728},	{0x274c, 0x274c},   {0x2753, 0x2755},
		{0x2795, 0x2797},   {0x2b1b, 0x2b1c},	{0x2b50, 0x2b50},   {0x2e80, 0x303e},
		{0x3041, 0xa4cf},   {0xa960, 0xa97c},	{0xac00, 0xd7a3},   {0xf900, 0xfaff},
		{0xfe30, 0xfe6f},   {0xff00, 0xff60},	{0xffe0, 0xffe6},   {0x16fe0, 0x18cff},
		{0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff},
		{0x20000, 0x3fffd},
	};

	if (in_ranges(cp, hidden, ARRAY_SIZE(hidden)))
		return -1;
	if (in_ranges(cp, combining, ARRAY_SIZE(combining)))
		return 0;
	return in_ranges(cp, wide, ARRAY_SIZE(wide)) ? 2 : 1;
}

/* One character or byte of untrusted text, in the form that is shown. */
struct unit {
	unsigned int in;  /* bytes of input it stands for */
	unsigned int out; /* bytes of output */
	int cols;
	char text[12];
};

static void unit_escape(struct unit *u, char c)
{
	u->text[0] = '\\';
	u->text[1] = c;
	u->out = 2;
	u->cols = 2;
}

static void unit_hex(struct unit *u, char kind, uint32_t v, unsigned int digits)
{
	unit_escape(u, kind);
	for (unsigned int i = digits; i-- > 0; u->out++)
		u->text[u->out] = "0123456789abcdef"[v >> (4 * i) & 15];
	u->cols = (int)u->out;
}

static void next_unit(const uint8_t *s, size_t len, struct unit *u)
{
	static const char names[32] = {
		[7] = 'a', [8] = 'b', [9] = 't', [10] = 'n', [11] = 'v', [12] = 'f', [13] = 'r'};
	uint32_t cp = 0;
	int cols;

	u->in = 1;
	if (s[0] == '"' || s[0] == '\\') {
		unit_escape(u, (char)s[0]);
	} else if (s[0] >= 0x20 && s[0] < 0x7f) {
		u->text[0] = (char)s[0];
		u->out = 1;
		u->cols = 1;
	} else if (s[0] < 0x20 && names[s[0]]) {
		unit_escape(u, names[s[0]]);
	} else if (s[0] < 0x80 || !(u->in = utf8_char(s, len, &cp))) {
		u->in = 1;
		unit_hex(u, 'x', s[0], 2);
	} else if ((cols = cp_cols(cp)) >= 0) {
		memcpy(u->text, s, u->in);
		u->out = u->in;
		u->cols = cols;
	} else {
		unit_hex(u, cp > 0xffff ? 'U' : 'u', cp, cp > 0xffff ? 8 : 4);
	}
}

/* Printable ASCII that needs no escape: nearly every path there is. */
static bool is_plain(const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\')
			return false;
	return true;
}

int text__escape(struct text *t, const void *data, size_t len, int max_cols)
{
	const uint8_t *s = data;
	int total = 0, done = 0, head, tail;
	struct unit u;
	bool cut = false;

	if (len <= INT_MAX && is_plain(s, len)) {
		if (len <= (size_t)max_cols) {
			raw(t, s, len, (int)len);
			return (int)len;
		}
		head = (max_cols - 1) / 3;
		tail = max_cols - 1 - head;
		raw(t, s, (size_t)head, head);
		text__put(t, "…");
		raw(t, s + len - tail, (size_t)tail, tail);
		return (int)len;
	}
	for (size_t i = 0; i < len; i += u.in) {
		next_unit(s + i, len - i, &u);
		total += u.cols;
	}
	/* The end of a path says more than its middle: a third for the head, the rest for the tail.
	 */
	head = total <= max_cols ? total : (max_cols - 1) / 3;
	tail = total <= max_cols ? total : max_cols - 1 - head;
	for (size_t i = 0; i < len; i += u.in) {
		next_unit(s + i, len - i, &u);
		if (done + u.cols <= head || total - done <= tail) {
			raw(t, u.text, u.out, u.cols);
		} else if (!cut) {
			text__put(t, "…");
			cut = true;
			head = 0;
		}
		done += u.cols;
	}
	return total;
}

int text__quote(struct text *t, const void *data, size_t len, int max_cols)
{
	int n;

	text__char(t, '"');
	n = text__escape(t, data, len, max_cols == TEXT_NO_LIMIT ? max_cols : MAX(max_cols - 2, 1));
	text__char(t, '"');
	return n + 2;
}

static void scaled(struct text *t, uint64_t ns, uint64_t unit, const char *name)
{
	uint64_t whole = ns / unit, rest = ns % unit;

	text__u64(t, whole);
	if (whole < 10) {
		text__char(t, '.');
		text__char(t, (char)('0' + rest * 10 / unit));
	}
	text__put(t, name);
}

void text__duration(struct text *t, uint64_t ns)
{
	if (ns < 1000) {
		text__u64(t, ns);
		text__put(t, "ns");
	} else if (ns < 1000000) {
		text__u64(t, ns / 1000);
		text__put(t, "us");
	} else if (ns < NSEC_PER_SEC) {
		scaled(t, ns, 1000000, "ms");
	} else if (ns < 100 * NSEC_PER_SEC) {
		text__u64(t, ns / NSEC_PER_SEC);
		text__char(t, '.');
		text__char(t, (char)('0' + ns / 100000000 % 10));
		if (ns < 10 * NSEC_PER_SEC)
			text__char(t, (char)('0' + ns / 10000000 % 10));
		text__char(t, 's');
	} else {
		uint64_t s = ns / NSEC_PER_SEC;

		text__u64(t, s / 60);
		text__char(t, 'm');
		text__char(t, (char)('0' + s % 60 / 10));
		text__char(t, (char)('0' + s % 10));
		text__char(t, 's');
	}
}

void text__cut(struct text *t, int col)
{
	size_t len = 0;
	int n = 0;

	if (t->err || t->col <= col)
		return;
	/* a wide character counts as one here: the list came out wider than the screen anyway */
	while (len < t->len && n < col - 1) {
		len++;
		while (len < t->len && ((unsigned char)t->buf[len] & 0xc0) == 0x80)
			len++;
		n++;
	}
	t->len = len;
	t->col = n;
	text__put(t, "…");
}
