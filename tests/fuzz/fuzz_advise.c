/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a command: as words (split at NUL) and as the script of a shell. It ends, and what it says is whole. */
#include <stdlib.h>
#include <string.h>

#include "sandbox/workspace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(char *const argv[])
{
	struct command_advice a = workspace__advise(argv);

	if (!!a.code != !!a.reason || !memchr(a.match, 0, sizeof(a.match)) || (!a.code && a.match[0]))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1), *words[64];
	char *argv[] = { "sh", "-c", s, NULL };
	size_t n = 0;

	if (!s)
		return 0;
	memcpy(s, data, size);
	s[size] = 0;
	check(argv);
	for (size_t i = 0; i < size && n < 63; i += strlen(s + i) + 1)
		words[n++] = s + i;
	words[n] = NULL;
	check(words);
	free(s);
	return 0;
}
