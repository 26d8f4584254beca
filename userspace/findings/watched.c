/* SPDX-License-Identifier: Apache-2.0 */
#include "watched.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../base/util.h"
#include "rules.h"

/* Fewer tell nothing: a name that begins with '.' is any hidden file. */
#define LITERAL_MIN 3

/* What a pattern that begins with a '*' stands for, among what there is. */
static const struct {
	const char *pattern, *names[12];
} spelled_out[] = {
	{ "**/.*_history",
	  { "**/.bash_history", "**/.zsh_history", "**/.sh_history", "**/.ash_history", "**/.python_history", "**/.mysql_history",
	    "**/.psql_history", "**/.sqlite_history", "**/.node_repl_history", "**/.rediscli_history", "**/.irb_history" } },
};

struct component {
	const char *name;
	size_t len; /* of its literal beginning; 0: any name */
	bool whole; /* nothing follows that */
};

/* PATTERN's last names, the file's first; returns how many. BELOW: it is about what lies below the first of them. */
static unsigned int take_apart(const char *pattern, struct component out[ST_WATCH_LEVELS], bool *below)
{
	const char *end = pattern + strlen(pattern);
	unsigned int n = 0;

	*below = false;
	while (end > pattern && n < ST_WATCH_LEVELS) {
		const char *begin = end;

		while (begin > pattern && begin[-1] != '/')
			begin--;
		if (end - begin == 2 && !strncmp(begin, "**", 2)) {
			if (n)
				break; /* any number of names: what is above is not compared */
			*below = true;
		} else if (end > begin) {
			out[n].name = begin;
			out[n].len = strcspn(begin, "*?/");
			out[n].whole = begin + out[n].len == end;
			n++;
		}
		end = begin > pattern ? begin - 1 : begin;
	}
	return n;
}

static struct st_watch_row *row_of(struct watched *w, const struct component *c)
{
	struct st_watch_key key = { .prefixlen = (__u32)(c->len + c->whole) * 8 };

	memcpy(key.name, c->name, c->len);
	for (unsigned int i = 0; i < w->n; i++)
		if (!memcmp(&w->keys[i], &key, sizeof(key)))
			return &w->rows[i];
	if (w->n == ST_WATCH_ROWS)
		return NULL;
	w->keys[w->n] = key;
	return &w->rows[w->n++];
}

/* The names C with the first of them at level SHIFT. */
static int add_at(struct watched *w, const struct component *c, unsigned int n, unsigned int shift)
{
	unsigned int bit = w->n_patterns;

	if (bit == 64 * ST_WATCH_WORDS)
		return -ENOSPC;
	for (unsigned int level = 0; level < ST_WATCH_LEVELS; level++) {
		const struct component *here = level >= shift && level - shift < n ? &c[level - shift] : NULL;
		struct st_watch_row *row;

		if (!here || !here->len) {
			w->any[level][bit / 64] |= 1ULL << bit % 64;
			continue;
		}
		row = row_of(w, here);
		if (!row)
			return -ENOSPC;
		row->at[level][bit / 64] |= 1ULL << bit % 64;
	}
	w->n_patterns++;
	return 0;
}

static int add(struct watched *w, const char *pattern, bool file)
{
	struct component c[ST_WATCH_LEVELS];
	size_t literal = 0;
	bool below;
	unsigned int n = take_apart(pattern, c, &below), from;
	int err = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (c[i].len >= ST_WATCH_NAME - 1)
			return -ENAMETOOLONG;
		literal = MAX(literal, c[i].len);
	}
	if (literal < LITERAL_MIN)
		return -EINVAL;
	from = below && !file ? 1 : 0;
	for (unsigned int shift = from; shift < ST_WATCH_LEVELS && !err; shift++) {
		err = add_at(w, c, n, shift);
		if (!below)
			break;
	}
	return err;
}

int watched__add(struct watched *w, const char *pattern)
{
	char both[4096 + 4];
	size_t n = strlen(pattern);

	if (n > 4096)
		return -ENAMETOOLONG;
	while (n > 1 && pattern[n - 1] == '/')
		n--;
	memcpy(both, pattern, n);
	memcpy(both + n, "/**", 4);
	return add(w, both, true);
}

static int add_rule(struct watched *w, const char *pattern)
{
	int err = add(w, pattern, false);

	for (size_t i = 0; err == -EINVAL && i < ARRAY_SIZE(spelled_out); i++) {
		if (strcmp(pattern, spelled_out[i].pattern))
			continue;
		err = 0;
		for (size_t k = 0; k < ARRAY_SIZE(spelled_out[i].names) && spelled_out[i].names[k] && !err; k++)
			err = add(w, spelled_out[i].names[k], false);
	}
	return err;
}

int watched__add_rules(struct watched *w)
{
	int err = 0;

	for (size_t i = 0; i < n_path_rules && !err; i++)
		if (path_rules[i].uses & USE_READ)
			err = add_rule(w, path_rules[i].pattern);
	return err;
}

void watched__finish(struct watched *w)
{
	/* from the longest down: what is read, which is shorter, has not been added to yet */
	for (unsigned int bytes = ST_WATCH_NAME; bytes; bytes--)
		for (unsigned int i = 0; i < w->n; i++) {
			if (w->keys[i].prefixlen != bytes * 8)
				continue;
			for (unsigned int k = 0; k < w->n; k++) {
				if (w->keys[k].prefixlen >= bytes * 8 ||
				    memcmp(w->keys[i].name, w->keys[k].name, w->keys[k].prefixlen / 8))
					continue;
				for (unsigned int at = 0; at < ST_WATCH_LEVELS * ST_WATCH_WORDS; at++)
					w->rows[i].at[at / ST_WATCH_WORDS][at % ST_WATCH_WORDS] |=
						w->rows[k].at[at / ST_WATCH_WORDS][at % ST_WATCH_WORDS];
			}
		}
}

static const struct st_watch_row *look_up(const struct watched *w, const char *name, size_t len)
{
	char text[ST_WATCH_NAME] = "";
	int best = -1;

	memcpy(text, name, MIN(len, sizeof(text) - 1));
	for (unsigned int i = 0; i < w->n; i++)
		if (!memcmp(text, w->keys[i].name, w->keys[i].prefixlen / 8) &&
		    (best < 0 || w->keys[i].prefixlen > w->keys[best].prefixlen))
			best = (int)i;
	return best < 0 ? NULL : &w->rows[best];
}

bool watched__match(const struct watched *w, const char *path)
{
	uint64_t left[ST_WATCH_WORDS], some = 0;
	const char *end = path + strlen(path);

	memset(left, 0xff, sizeof(left));
	for (int level = 0; level < ST_WATCH_LEVELS; level++) {
		const struct st_watch_row *row = NULL;
		const char *begin = end;

		while (begin > path && begin[-1] != '/')
			begin--;
		if (end > begin)
			row = look_up(w, begin, (size_t)(end - begin));
		for (int i = 0; i < ST_WATCH_WORDS; i++)
			left[i] &= (row ? row->at[level][i] : 0) | w->any[level][i];
		end = begin > path ? begin - 1 : begin;
	}
	for (int i = 0; i < ST_WATCH_WORDS; i++)
		some |= left[i];
	return some;
}
