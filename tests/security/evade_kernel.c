/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel is made of: modules, another kernel, another root. None of it works; each has passed its hook by then. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "evade.h"

static int k_module_file(void)
{
	int fd = open(OK "/f", O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return CANNOT;
	ret = result(syscall(SYS_finit_module, fd, "", 0));
	close(fd);
	return ret;
}
static int k_module_memory(void)
{
	static const char image[4096];

	return result(syscall(SYS_init_module, image, sizeof(image), ""));
}
static int k_module_request(void) { return result(mount("none", "/mnt/other", "nosuchfs", 0, NULL)); }
static int k_kexec(void) { return result(syscall(SYS_kexec_load, 0, 0, NULL, 0)); }
static int pivot_child(void)
{
	if (unshare(CLONE_NEWNS))
		return CANNOT;
	return result(syscall(SYS_pivot_root, "/mnt/other", "/mnt/other"));
}
static int k_pivot(void) { return in_child(pivot_child); }

static const struct attempt attempts[] = {
	{ "module-file", k_module_file, "kernel", "load_module", "allowed" },
	{ "module-memory", k_module_memory, "kernel", "load_module", "allowed" },
	{ "module-request", k_module_request, "kernel", "load_module", "allowed" },
	{ "kexec-load", k_kexec, "kernel", "load_kexec", "allowed" },
	{ "pivot-root", k_pivot, "kernel", "pivot_root", "allowed" },
};
DOMAIN(kernel, attempts);
