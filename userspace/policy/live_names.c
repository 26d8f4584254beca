/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which patterns the kernel can look for by name: a directory, then "**" or some "*", then one name, or how it begins or ends.
 */
#include <stdio.h>
#include <string.h>

#include "live_internal.h"

/* One component without its escapes into OUT. *RET_WILD: what it has besides stars: "?" or "[...]". Its length; stars stay. */
static size_t read_component(const char *s, size_t len, char *out, unsigned int *ret_stars, bool *ret_wild)
{
	size_t n = 0;

	*ret_stars = 0;
	*ret_wild = false;
	for (size_t i = 0; i < len; i++) {
		bool escape = s[i] == '[' && i + 2 < len && strchr("*?[", s[i + 1]) && s[i + 2] == ']';

		*ret_wild |= !escape && (s[i] == '?' || s[i] == '[');
		*ret_stars += !escape && s[i] == '*';
		out[n++] = escape ? s[i + 1] : s[i];
		i += escape ? 2 : 0;
	}
	out[n] = 0;
	return n;
}

static void reverse(char *s, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		char c = s[i];

		s[i] = s[len - 1 - i];
		s[len - 1 - i] = c;
	}
}

const char *live_name__set(struct live_name *n, uint8_t way, const char *text, size_t len)
{
	if (len >= sizeof(n->text))
		return "its name is longer than can be compared: 63 bytes";
	n->way = way;
	n->len = (uint8_t)len;
	memset(n->text, 0, sizeof(n->text));
	memcpy(n->text, text, len);
	if (way == GUARD_NAMES_SUFFIX)
		reverse(n->text, len);
	return NULL;
}

/* The last component: NAME of LEN, as it is written AT. */
static const char *last(struct live_name *n, const char *at, char *name, size_t len, unsigned int stars, bool wild)
{
	if (wild || stars > 1 || (stars && *at != '*' && at[strlen(at) - 1] != '*'))
		return "later names are not held: it says more than how a name begins or ends";
	if (!stars)
		return live_name__set(n, GUARD_NAMES_EXACT, name, len);
	if (*at == '*' && len > 1)
		return live_name__set(n, GUARD_NAMES_SUFFIX, name + 1, len - 1);
	return live_name__set(n, GUARD_NAMES_PREFIX, name, len - 1);
}

const char *live_pattern__split(const char *value, char *ret_dir, size_t size, struct live_name *ret)
{
	const char *s = value;
	unsigned int any = 0, one = 0, stars;
	size_t used = 0, len, n;
	char name[4096];
	bool wild;

	*ret = (struct live_name){ 0 };
	ret_dir[0] = 0;
	for (;; s += len) {
		s += strspn(s, "/");
		len = strcspn(s, "/");
		if (len >= sizeof(name))
			return "its name is too long";
		n = read_component(s, len, name, &stars, &wild);
		if (!s[len])
			break;
		if (wild || (stars && (len != stars || stars > 2)) || (!stars && any + one))
			return "later names are not held: it has more between directory and name than * or **";
		any += stars == 2;
		one += stars == 1;
		if (stars)
			continue;
		if (used + n + 2 > size)
			return "its name is too long";
		used += (size_t)snprintf(ret_dir + used, size - used, "/%s", name);
	}
	if (any && one)
		return "later names are not held: it has both * and ** before the name";
	ret->below = any || one;
	ret->depth = (uint8_t)(any ? 0 : one ? one + 1 : 0);
	ret->anywhere = any && !used;
	if (!used)
		snprintf(ret_dir, size, "/");
	return last(ret, s, name, n, stars, wild);
}
