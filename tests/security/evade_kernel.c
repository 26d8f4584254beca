/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel is made of: modules, another kernel, another root. None of it works; each has passed its hook by then. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
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
static int k_kexec_file(void)
{
#ifdef SYS_kexec_file_load
	int fd = open(OK "/f", O_RDONLY | O_CLOEXEC), ret = result(syscall(SYS_kexec_file_load, fd, -1, 1UL, "", 4UL /* no initramfs */));

	close(fd);
	return ret == ENOSYS ? without("kexec_file_load") : ret;
#else
	return without("kexec_file_load");
#endif
}
static int k_uring(void)
{
	struct io_uring_params p = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);

	return ring < 0 ? errno : (close(ring), 0);
}
/* A probe in the kernel's code, by perf_event_open and by a file. */
static int k_kprobe(void)
{
	struct { uint32_t type, size; uint64_t config, period, sample, format, flags; uint32_t wake, bp; uint64_t name, offset, rest[8]; }
		attr = { .size = sizeof(attr), .name = ADDR("do_sys_poll"), .flags = 1 /* disabled */ };
	char type[16] = "";
	int fd = open("/sys/bus/event_source/devices/kprobe/type", O_RDONLY | O_CLOEXEC), ret;

	if (read(fd, type, sizeof(type) - 1) < 1)
		return without("CONFIG_KPROBE_EVENTS");
	close(fd);
	attr.type = (uint32_t)atoi(type);
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);
	ret = result(fd);
	close(fd);
	snprintf(detail, sizeof(detail), "%u", attr.type);
	return ret;
}
#define PROBES "/sys/kernel/tracing/kprobe_events"
static int k_kprobe_file(void)
{
	int fd = open(PROBES, O_WRONLY | O_APPEND | O_CLOEXEC), ret;

	if (fd < 0)
		return errno == ENOENT ? without("CONFIG_KPROBE_EVENTS") : errno;
	ret = write(fd, "p:evade do_sys_poll", 19) == 19 && write(fd, "-:evade", 7) == 7 ? 0 : errno;
	close(fd);
	return ret;
}
/* A file system by the newer calls, with or without a place. */
static int new_super(void)
{
	int fs = (int)syscall(SYS_fsopen, "tmpfs", 0);

	if (fs < 0 || syscall(SYS_fsconfig, fs, 6 /* create */, NULL, NULL, 0))
		return -1;
	return (int)syscall(SYS_fsmount, fs, 0, 0);
}
static int k_super(void) { return result(new_super()); }
static int placed_super(void)
{
	int tree = unshare(CLONE_NEWNS) ? -1 : new_super();

	return tree < 0 ? errno : result(syscall(SYS_move_mount, tree, "", AT_FDCWD, "/mnt/other", 4 /* empty path */));
}
static int k_placed(void) { return in_child(placed_super); }
static int k_changed(void) /* remounted, by the same calls */
{
	int fs = (int)syscall(SYS_fspick, AT_FDCWD, "/srv", 0), ret;

	ret = fs < 0 ? CANNOT : result(syscall(SYS_fsconfig, fs, 7 /* reconfigure */, NULL, NULL, 0));
	close(fs);
	return ret;
}
static int unmount_child(void) { return unshare(CLONE_NEWNS) ? CANNOT : result(umount2("/mnt/again", MNT_DETACH)); }
static int k_unmount(void) { return in_child(unmount_child); }
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
	{ "kexec-file", k_kexec_file, "kernel", "load_kexec:" OK "/f", "allowed" },
	{ "uring-setup", k_uring, "kernel", "io_uring", "allowed" },
	{ "kprobe", k_kprobe, "kernel", "perf_event@arg=DETAIL", "allowed" },
	{ "kprobe-file", k_kprobe_file, "file", "open_write:" PROBES, "allowed" },
	{ "new-super", k_super, "kernel", "mount:tmpfs", "allowed" },
	{ "new-super-placed", k_placed, "kernel", "move_mount:tmpfs", "allowed" },
	{ "changed-super", k_changed, "kernel", "mount:tmpfs", "allowed" },
	{ "unmount", k_unmount, "kernel", "umount:/mnt/again", "allowed" },
	{ "pivot-root", k_pivot, "kernel", "pivot_root", "allowed" },
};
DOMAIN(kernel, attempts);
