/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reader finds, as JSON lines, and what a commit does with it:
 *
 *   driver read   UPPER LOWER PREFIX [entries depth hash_file hash_total time_ms]
 *   driver commit UPPER LOWER PREFIX [COMMAND run by sh between reading and committing]
 *   driver both   UPPER LOWER PREFIX UPPER LOWER PREFIX      reads and commits two overlays by one list
 *
 * Paths, links and hashes in hex: they may be any bytes. The last line has the totals.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/changes.h"

static void hex(const char *key, const void *data, size_t len)
{
	const unsigned char *s = data;

	printf(",\"%s\":\"", key);
	while (len--)
		printf("%02x", *s++);
	putchar('"');
}

static void print(const struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change *ch = &c->v[i];

		printf("{\"kind\":\"%s\",\"mode\":%u,\"was_mode\":%u,\"size\":%llu,\"blocks\":%llu", changes__kind_name(ch->kind),
		       ch->mode, ch->was_mode, (unsigned long long)ch->size, (unsigned long long)ch->blocks);
		hex("path", ch->path, strlen(ch->path));
		if (ch->hashed)
			hex("sha256", ch->sha256, sizeof(ch->sha256));
		if (ch->link)
			hex("link", ch->link, strlen(ch->link));
		puts("}");
	}
	printf("{\"truncated\":%s,\"why\":\"%s\",\"created\":%llu,\"modified\":%llu,\"deleted\":%llu,\"bytes\":%llu", c->truncated ? "true" : "false",
	       c->why, (unsigned long long)c->created, (unsigned long long)c->modified, (unsigned long long)c->deleted,
	       (unsigned long long)c->bytes);
}

static int both(char **argv)
{
	struct changes c = { 0 };
	uint64_t refused;
	int fd[4], err = 0;

	for (int i = 0; i < 4; i++)
		fd[i] = open(argv[i + i / 2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 2 && !err; i++)
		err = changes__read(&c, fd[2 * i], fd[2 * i + 1], argv[3 * i + 2], &changes_default_limits);
	print(&c);
	for (int i = 0; i < 2 && !err; i++)
		err = changes__commit(&c, fd[2 * i], fd[2 * i + 1], argv[3 * i + 2], &refused);
	printf(",\"err\":%d}\n", err);
	changes__done(&c);
	return 0;
}

int main(int argc, char **argv)
{
	struct changes_limits limits = changes_default_limits;
	struct changes c = { 0 };
	uint64_t refused = 0;
	int upper, lower, err;

	if (argc < 5)
		return 2;
	if (!strcmp(argv[1], "both"))
		return argc < 8 ? 2 : both(argv + 2);
	upper = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	lower = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0 || lower < 0) {
		perror("open");
		return 2;
	}
	if (!strcmp(argv[1], "read") && argc > 9)
		limits = (struct changes_limits){ .entries = strtoull(argv[5], NULL, 0), .depth = strtoull(argv[6], NULL, 0),
						  .hash_file = strtoull(argv[7], NULL, 0),
						  .hash_total = strtoull(argv[8], NULL, 0),
						  .time_ns = strtoull(argv[9], NULL, 0) * 1000000 };
	err = changes__read(&c, upper, lower, argv[4], &limits);
	print(&c);
	printf(",\"err\":%d", err);
	if (!strcmp(argv[1], "commit")) {
		if (argc > 5 && system(argv[5]))
			return 2;
		err = changes__commit(&c, upper, lower, argv[4], &refused);
		printf(",\"commit\":%d,\"refused\":%llu", err, (unsigned long long)refused);
	}
	puts("}");
	changes__done(&c);
	return 0;
}
