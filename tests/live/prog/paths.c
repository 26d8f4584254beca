/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * openat with paths that are hard to copy: one call each, in this order; every return value is
 * printed. Names of created files hold bytes that are not UTF-8, control characters, quotes and a
 * newline.
 */
#include "live.h"
#include <sys/mman.h>

static void try(const char *name, const char *path, int flags)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, flags, 0600);

	fact("%s=%ld errno=%d ptr=%lu\n", name, fd, fd < 0 ? errno : 0, (unsigned long)path);
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	char *page, *long_path = malloc(8192);
	size_t ps = sysconf(_SC_PAGESIZE), i;

	page = mmap(NULL, 3 * ps, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || munmap(page + ps, ps))
		die("mmap");
	for (i = 0; i < 8192; i++)
		long_path[i] = i % 2 ? '/' : '.';
	long_path[4095] = 0; /* "./././...." : 4095 bytes and the NUL are PATH_MAX exactly */
	long_path[4094] = 'x';
	try("max", long_path, O_RDONLY);
	long_path[4095] = '/';
	long_path[4096] = 0;
	try("over", long_path, O_RDONLY);
	long_path[4096] = '.';
	long_path[6000] = 0;
	try("far", long_path, O_RDONLY);
	try("null", NULL, O_RDONLY);
	try("bad", (const char *)0x10, O_RDONLY);
	try("kernel", (const char *)0xffff800000001000UL, O_RDONLY);
	strcpy(page + ps - 12, "/absent-end");
	try("edge", page + ps - 12, O_RDONLY);
	memcpy(page + ps - 8, "/no-term", 8);
	try("cut", page + ps - 8, O_RDONLY);
	try("empty", "", O_RDONLY);
	memset(long_path, 'n', 300);
	long_path[300] = 0;
	try("component", long_path, O_RDONLY);
	try("utf8", "bad-\xff\xfe-\xc3-utf8", O_RDWR | O_CREAT);
	try("newline", "new\nline", O_RDWR | O_CREAT);
	try("control", "ctl-\001\033[31m\177\"\\'\t", O_RDWR | O_CREAT);
	try("unicode", "gr\xc3\xbc\xc3\x9f-\xe2\x82\xac-\xf0\x9f\x98\x80", O_RDWR | O_CREAT);
	return 0;
}
