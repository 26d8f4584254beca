/* SPDX-License-Identifier: Apache-2.0 */
/* Parser of the expression that selects calls; the rules are in interest.h. */
#include "interest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "syscalls.h"

/* The longest system call name has 28 characters. */
#define ITEM_MAX 64
/* x32 has its own numbers from 512 to 547; nothing uses more yet. Bounds the search for names up
 * there. */
#define NR_SEARCH_END 1024

/* Classes that are not categories; the categories follow them in interest__class_at(). */
static const char *const classes[] = {
	"file", "network", "process", "desc", "memory", "signal", "ipc", "creds", "clock",
};

struct selection {
	uint8_t on[EV_ABI_MAX][ST_NR_SYSCALLS];
	bool beyond;
	bool explicit; /* everything or nothing was set at once: an empty result is meant */
};

const char *interest__class_at(size_t index)
{
	const char *name;

	if (index < ARRAY_SIZE(classes))
		return classes[index];
	/* Categories that share their name with a class are listed once. */
	for (size_t c = 0, at = ARRAY_SIZE(classes); c < CAT_MAX; c++) {
		bool listed = false;

		name = syscalls__category_name((enum category)c);
		for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
			listed = listed || !strcmp(classes[i], name);
		if (!listed && at++ == index)
			return name;
	}
	return NULL;
}

static void select_all(struct selection *sel, bool on)
{
	memset(sel->on, on, sizeof(sel->on));
	sel->beyond = on;
	sel->explicit = true;
}

/* False: no ABI has a call of this name. */
static bool select_name(struct selection *sel, const char *name, bool on)
{
	bool found = false;

	for (int abi = 0; abi < EV_ABI_MAX; abi++) {
		int nr = syscalls__number((enum ev_abi)abi, name);

		if (nr < 0)
			continue;
		found = true;
		if (nr < ST_NR_SYSCALLS)
			sel->on[abi][nr] = on;
		else if (on)
			sel->beyond = true;
	}
	return found;
}

/* False: no such class. */
static bool select_class(struct selection *sel, const char *class, bool on)
{
	if (syscalls__in_class(syscalls__sig(EV_ABI_NATIVE, NR_SEARCH_END), class) < 0)
		return false;
	for (int abi = 0; abi < EV_ABI_MAX; abi++) {
		for (int nr = 0; nr <= NR_SEARCH_END; nr++) {
			if (syscalls__in_class(syscalls__sig((enum ev_abi)abi, nr), class) != 1)
				continue;
			if (nr < ST_NR_SYSCALLS)
				sel->on[abi][nr] = on;
			else if (on)
				sel->beyond = true;
		}
	}
	return true;
}

static int unknown_class(const char *class, char *errbuf, size_t errsize)
{
	struct nearest near;
	const char *name;
	size_t n;

	nearest__init(&near, class);
	for (size_t i = 0; (name = interest__class_at(i)); i++)
		nearest__offer(&near, name);
	n = (size_t)snprintf(errbuf, errsize, "no class is called '%%%s'; ", class);
	if (near.best) {
		if (n < errsize)
			snprintf(errbuf + n, errsize - n, "did you mean '%%%s'?", near.best);
		return -EINVAL;
	}
	if (n < errsize)
		n += (size_t)snprintf(errbuf + n, errsize - n, "the classes are");
	for (size_t i = 0; n < errsize && (name = interest__class_at(i)); i++)
		n += (size_t)snprintf(errbuf + n, errsize - n, " %%%s", name);
	return -EINVAL;
}

static int unknown_name(const char *name, char *errbuf, size_t errsize)
{
	struct nearest near;
	const char *candidate;

	/* `-e file` is how strace was used for years: a class without its percent sign. */
	if (syscalls__in_class(syscalls__sig(EV_ABI_NATIVE, 0), name) >= 0) {
		snprintf(errbuf, errsize,
			 "no system call is called '%s'; did you mean the class '%%%s'?", name,
			 name);
		return -EINVAL;
	}
	nearest__init(&near, name);
	for (int abi = 0; abi < EV_ABI_MAX; abi++)
		for (int nr = 0; nr < NR_SEARCH_END; nr++) {
			candidate = syscalls__name((enum ev_abi)abi, nr);
			if (candidate)
				nearest__offer(&near, candidate);
		}
	if (near.best)
		snprintf(errbuf, errsize, "no system call is called '%s'; did you mean '%s'?", name,
			 near.best);
	else
		snprintf(errbuf, errsize,
			 "no system call is called '%s'; 'man 2 syscalls' lists them", name);
	return -EINVAL;
}

static int apply_item(struct selection *sel, const char *item, bool on, char *errbuf,
		      size_t errsize)
{
	if (!*item) {
		snprintf(errbuf, errsize,
			 "an item is empty; separate names and %%classes with single commas");
		return -EINVAL;
	}
	if (*item == '/') {
		snprintf(errbuf, errsize,
			 "regular expressions ('%s') are not supported; list names or %%classes",
			 item);
		return -EINVAL;
	}
	if (!strcmp(item, "all"))
		select_all(sel, on);
	else if (!strcmp(item, "none"))
		select_all(sel, !on);
	else if (*item == '%')
		return select_class(sel, item + 1, on) ? 0
						       : unknown_class(item + 1, errbuf, errsize);
	else if (!select_name(sel, item, on))
		return unknown_name(item, errbuf, errsize);
	return 0;
}

static bool is_empty(const struct selection *sel)
{
	const uint8_t *on = &sel->on[0][0];

	return !sel->beyond && !memchr(on, 1, sizeof(sel->on));
}

int interest__parse(const char *expr, uint8_t interest[EV_ABI_MAX][ST_NR_SYSCALLS],
		    bool *ret_beyond, char *errbuf, size_t errsize)
{
	struct selection sel = { 0 };
	bool inverted = *expr == '!';
	const char *p = expr, *end;

	if (inverted)
		select_all(&sel, true);
	do {
		char item[ITEM_MAX];
		bool negated = *p == '!';
		size_t len;
		int err;

		p += negated;
		end = strchrnul(p, ',');
		len = (size_t)(end - p);
		if (len >= sizeof(item)) {
			snprintf(errbuf, errsize, "no system call has a name as long as '%.20s...'",
				 p);
			return -EINVAL;
		}
		memcpy(item, p, len);
		item[len] = 0;
		err = apply_item(&sel, item, !negated && !inverted, errbuf, errsize);
		if (err)
			return err;
		p = end + 1;
	} while (*end);
	if (is_empty(&sel) && !sel.explicit) {
		snprintf(errbuf, errsize,
			 "'%.200s' selects no call at all; say 'none' if that is meant", expr);
		return -EINVAL;
	}
	memcpy(interest, sel.on, sizeof(sel.on));
	*ret_beyond = sel.beyond;
	return 0;
}
