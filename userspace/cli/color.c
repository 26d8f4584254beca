/* SPDX-License-Identifier: Apache-2.0 */
/* The decision to colour, after https://no-color.org and https://bixense.com/clicolors. */
#include "color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static bool env_is(const char *name, const char *value)
{
	const char *s = getenv(name);

	return s && !strcmp(s, value);
}

static bool env_nonempty(const char *name)
{
	const char *s = getenv(name);

	return s && *s;
}

bool color__wanted(const struct run_options *opts, int fd)
{
	if (opts->no_color || env_nonempty("NO_COLOR"))
		return false;
	if (env_nonempty("CLICOLOR_FORCE") && !env_is("CLICOLOR_FORCE", "0"))
		return true;
	return env_nonempty("TERM") && !env_is("TERM", "dumb") && !env_is("CLICOLOR", "0") &&
	       isatty(fd);
}
