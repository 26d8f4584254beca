/* SPDX-License-Identifier: Apache-2.0 */
/* The options that choose how much the security profile records: --watch, --events, --rate-limit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/util.h"
#include "config.h"
#include "option_set.h"
#include "findings/watched.h"

int set_watch(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	int err;

	if (!opts->watched)
		opts->watched = calloc(1, sizeof(*opts->watched));
	if (!opts->watched)
		return log_errno(-ENOMEM, "%s: --watch", opts->command);
	err = watched__add(opts->watched, value);
	if (err == -ENAMETOOLONG) {
		option__refuse(opts, opt, value, "a name in it has more than 62 bytes");
		log_hint("end it with *: the first 62 bytes are enough to find it");
	} else if (err == -ENOSPC) {
		option__refuse(opts, opt, value, "there is no room for more");
		log_hint("a directory stands for what is below it, and a name that ends with * for all that begin so");
	} else if (err) {
		option__refuse(opts, opt, value, "no name in it has three characters or more before a *");
		log_hint("give a file's or a directory's name, the beginning of one with a * behind it, or a path");
	}
	return err;
}

static const struct {
	const char *name;
	uint32_t bits;
} events[] = {
	{ "file", ST_EVENTS_FILE },	  { "io", ST_EVENTS_IO },     { "network", ST_EVENTS_NETWORK },
	{ "flow", ST_EVENTS_FLOW },	  { "names", ST_EVENTS_NAMES }, { "kernel", ST_EVENTS_KERNEL },
	{ "credentials", ST_EVENTS_CREDENTIALS }, { "process", 0 },   { "none", 0 },
	{ "all", ST_EVENTS_ALL },
};

int set_events(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	uint32_t bits = *value == '!' ? ST_EVENTS_DEFAULT : 0;
	const char *item = value;

	for (;;) {
		bool without = *item == '!';
		const char *name = item + without;
		size_t len = strcspn(name, ","), i;

		for (i = 0; i < ARRAY_SIZE(events); i++)
			if (strlen(events[i].name) == len && !strncmp(events[i].name, name, len))
				break;
		if (i == ARRAY_SIZE(events)) {
			option__refuse(opts, opt, value, "a list of file, io, network, flow, names, kernel, credentials, all, none");
			log_hint("!item takes away: --events all,!io");
			return -EINVAL;
		}
		bits = without ? bits & ~events[i].bits : bits | events[i].bits;
		if (!name[len])
			break;
		item = name + len + 1;
	}
	opts->events = bits;
	opts->events_given = true;
	return 0;
}

/* More than a reader can write down in any case. */
#define RATE_MAX 100000000ULL

int set_rate_limit(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	static const struct {
		const char *name;
		enum event_class class;
	} classes[] = { { "file=", EV_CLASS_FILE }, { "network=", EV_CLASS_NETWORK } };
	const char *limit;
	uint64_t n = RATE_NONE;
	char number[24];
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(classes) && strncmp(value, classes[i].name, strlen(classes[i].name)); i++)
		;
	if (i == ARRAY_SIZE(classes)) {
		option__refuse(opts, opt, value, "not of the form CLASS=N");
		log_hint("limits are for file and network, such as file=1000; nothing else is ever held back");
		return -EINVAL;
	}
	limit = value + strlen(classes[i].name);
	len = strlen(limit);
	if (len > 2 && !strcmp(limit + len - 2, "/s"))
		len -= 2;
	len = MIN(len, sizeof(number) - 1); /* cut, it is still too large a number */
	memcpy(number, limit, len);
	number[len] = 0;
	if (strcmp(limit, "none") && parse_u64(number, 1, RATE_MAX, &n)) {
		option__refuse(opts, opt, value, "not a number of records a second from 1 to 100000000, and not none");
		return -EINVAL;
	}
	opts->rates[classes[i].class] = n;
	return 0;
}
