/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* openat2: a plain use, one with resolve flags that refuses, a short size, a bad pointer. */
#include "live.h"
#include <linux/openat2.h>

static void try(const char *name, const char *path, const void *how, size_t size)
{
	long fd = syscall(SYS_openat2, AT_FDCWD, path, how, size);

	fact("%s=%ld errno=%d\n", name, fd, fd < 0 ? errno : 0);
}

int main(void)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC };
	struct open_how create = { .flags = O_RDWR | O_CREAT,
				   .mode = 0640,
				   .resolve = RESOLVE_BENEATH };
	struct open_how beneath = { .flags = O_RDONLY, .resolve = RESOLVE_BENEATH };

	try("plain", "/dev/null", &how, sizeof(how));
	try("create", "made-by-openat2", &create, sizeof(create));
	try("beneath", "/dev/null", &beneath, sizeof(beneath));
	try("short", "/dev/null", &how, 8);
	try("bad", "/dev/null", (void *)0x10, sizeof(how));
	return 0;
}
