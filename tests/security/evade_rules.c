/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of other kinds, each under a policy of its own (tests/security/rules.py): what is expected is "POLICY/RESULT". Names:
 * of what is not there when the policy is loaded, and of what takes the place of what was.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "evade.h"

#define NAMES "/srv/names"

static int open_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int n_later(void) { return open_read(NAMES "/later"); }
static int n_unlink(void) { return result(unlink(NAMES "/later")); }
static int n_remade(void) { return open_read(NAMES "/exact"); }
static int n_remade_tree(void) { return open_read(NAMES "/tree/f"); }
static int n_anywhere(void) { return open_read(NAMES "/a/.env"); }
static int n_anywhere_else(void) { return open_read("/srv/ok/dir/.env"); }
static int n_create(void)
{
	int fd = open("/srv/ok/.env", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? errno : (close(fd), 0);
}
static int n_directory(void) { return result(mkdir("/srv/ok/.env", 0700)); }
static int n_below(void) { return open_read(NAMES "/a/key.pem"); }
static int n_long(void)
{
	char path[300] = NAMES "/a/";

	memset(path + strlen(path), 'x', 200);
	strcat(path, ".pem");
	return open_read(path);
}
static int n_other_end(void) { return open_write(NAMES "/pem/not-pem"); }
static int n_hard_link(void) { return open_read("/srv/ok/plain"); } /* made before, of what matched */
static int n_rename_from(void) { return result(rename(NAMES "/a/key.pem", NAMES "/a/key.txt")); }
static int n_rename_to(void) { return result(rename(NAMES "/a/plain", NAMES "/a/plain.pem")); }
static int n_link_from(void) { return result(link(NAMES "/a/key.pem", "/srv/ok/key")); }
static int n_link_to(void) { return result(link(NAMES "/a/plain", NAMES "/a/linked.pem")); }
static int n_symlink(void) { return result(symlink("/etc/passwd", NAMES "/a/sym.pem")); }
static int n_link_itself(void) { return result(unlink(NAMES "/link")); }
static int n_move_out(void) { return result(rename(NAMES "/a", "/srv/ok/a")); }
static int n_swap_out(void) { return result(syscall(SYS_renameat2, AT_FDCWD, "/srv/ok/dir", AT_FDCWD, NAMES "/a", 2 /* exchange */)); }
static int n_move_within(void) { return result(rename(NAMES "/move", NAMES "/a/moved")); }
static int bind_and_read(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(NAMES "/a", "/mnt/other", NULL, MS_BIND, NULL))
		return CANNOT;
	return open_read("/mnt/other/key.pem");
}
static int n_bind(void) { return in_child(bind_and_read); }
/* The file itself, mounted under another name: it has its own in its file system all the same. */
static int bind_file(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(NAMES "/a/key.pem", "/srv/ok/f", NULL, MS_BIND, NULL))
		return CANNOT;
	return open_read("/srv/ok/f");
}
static int n_bind_file(void) { return in_child(bind_file); }
/* And what has that name only where it is mounted. */
static int bind_over(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("/srv/ok/f", NAMES "/a/key.pem", NULL, MS_BIND, NULL))
		return CANNOT;
	return open_read(NAMES "/a/key.pem");
}
static int n_bind_over(void) { return in_child(bind_over); }
static int chroot_and_read(void)
{
	return chroot(NAMES "/a") || chdir("/") ? CANNOT : open_read("/key.pem");
}
static int n_chroot(void) { return in_child(chroot_and_read); }
static int n_uring(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .flags = IOSQE_ASYNC, .fd = AT_FDCWD,
					     .addr = ADDR(NAMES "/a/.env"), .open_flags = O_RDONLY });
}
static int n_depth(void) { return open_read(NAMES "/home/u/.ssh/id"); }
static int n_deeper(void) { return open_write(NAMES "/home/u/v/.ssh/id"); }
static int n_move_depth(void) { return result(rename(NAMES "/home/u", NAMES "/home/w/u")); }
static int n_direct(void) { return open_write(NAMES "/locks/x.lock"); }
static int n_not_direct(void) { return open_write(NAMES "/locks/sub/x.lock"); }
static int n_create_direct(void) { return result(mknod(NAMES "/locks/new.lock", S_IFREG | 0600, 0)); }
static int exec_name(const char *path)
{
	char *const argv[] = { "prog", "true", NULL }, *const env[] = { NULL };

	return execve(path, argv, env), errno;
}
static int exec_tool(void) { return exec_name(NAMES "/a/tool-2"); }
static int n_exec(void) { return in_child(exec_tool); }
static int exec_other(void) { return exec_name(NAMES "/a/other"); }
static int n_exec_other(void) { return in_child(exec_other); }

static const struct attempt rules_attempts[] = {
	{ "name-made-later", n_later, "file", "open_read", "names/denied" },
	{ "name-removed", n_unlink, "file", "unlink", "names/denied" },
	{ "name-made-anew", n_remade, "file", "open_read", "names/denied" },
	{ "name-of-a-new-directory", n_remade_tree, "file", "open_read", "names/denied" },
	{ "name-anywhere", n_anywhere, "file", "open_read", "names/denied" },
	{ "name-anywhere-else", n_anywhere_else, "file", "open_read", "names/denied" },
	{ "name-created", n_create, "file", "create", "names/denied" },
	{ "name-of-made-directory", n_directory, "file", "mkdir", "names/denied" },
	{ "name-end", n_below, "file", "open_read", "names/denied" },
	{ "name-end-of-long", n_long, "file", "open_read", "names/denied" },
	{ "name-other-end", n_other_end, "file", "open_write", "names/allowed" },
	{ "name-hard-link-before", n_hard_link, "file", "open_read", "names/denied" },
	{ "name-renamed-from", n_rename_from, "file", "rename", "names/denied" },
	{ "name-renamed-to", n_rename_to, "file", "rename", "names/denied" },
	{ "name-linked-from", n_link_from, "file", "link", "names/denied" },
	{ "name-linked-to", n_link_to, "file", "link", "names/denied" },
	{ "name-symlink", n_symlink, "file", "symlink", "names/denied" },
	{ "name-of-a-link", n_link_itself, "file", "unlink", "names/denied" },
	{ "name-directory-moved-out", n_move_out, "file", "rename", "names/denied" },
	{ "name-directory-exchanged", n_swap_out, "file", "rename", "names/denied" },
	{ "name-bind-mount", n_bind, "file", "open_read", "names/denied" },
	{ "name-bind-file", n_bind_file, "file", "open_read", "names/denied" },
	{ "name-bind-over", n_bind_over, "file", "open_read", "names/denied" },
	{ "name-chroot", n_chroot, "file", "open_read", "names/denied" },
	{ "name-uring", n_uring, "file", "open_read", "names/denied" },
	{ "name-as-deep", n_depth, "file", "open_read", "names/denied" },
	{ "name-deeper", n_deeper, "file", "open_write", "names/allowed" },
	{ "name-directory-moved-deeper", n_move_depth, "file", "rename", "names/denied" },
	{ "name-in-directory", n_direct, "file", "open_write", "names/denied" },
	{ "name-below-directory", n_not_direct, "file", "open_write", "names/allowed" },
	{ "name-made-in-directory", n_create_direct, "file", "create", "names/denied" },
	{ "name-executed", n_exec, "file", "execute", "names/denied" },
	{ "name-not-executed", n_exec_other, "process", "exec", "names/allowed" },
	{ "name-directory-moved-within", n_move_within, "file", "rename", "names/allowed" },
};
DOMAIN(rules, rules_attempts);
