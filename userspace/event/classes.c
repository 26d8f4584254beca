/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes and categories of system calls by name, for -e trace=%class. A class that follows from
 * the arguments (file, desc) is derived from the signature, the others are lists of names.
 */
#include "syscalls.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../base/util.h"

static const char *const category_names[CAT_MAX] = {
	[CAT_FILE_READ] = "file_read",
	[CAT_FILE_WRITE] = "file_write",
	[CAT_FILE_METADATA] = "file_metadata",
	[CAT_DIRECTORY] = "directory",
	[CAT_PROCESS] = "process",
	[CAT_NETWORK] = "network",
	[CAT_MEMORY] = "memory",
	[CAT_SIGNAL] = "signal",
	[CAT_IPC] = "ipc",
	[CAT_SYSTEM] = "system",
	[CAT_OTHER] = "other",
};

const char *syscalls__category_name(enum category c)
{
	return (unsigned int)c < CAT_MAX ? category_names[c] : "other";
}

/* Lists are words between single blanks, with a blank at either end. */
static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; (p = strstr(p, name)); p += len)
		if (p[-1] == ' ' && p[len] == ' ')
			return true;
	return false;
}

static bool has_arg(const struct syscall_sig *sig, enum arg_type a, enum arg_type b)
{
	for (unsigned int i = 0; i < sig->n_args; i++)
		if (sig->args[i].type == a || sig->args[i].type == b)
			return true;
	return false;
}

static bool in_file(const struct syscall_sig *sig)
{
	return has_arg(sig, ARG_PATH, ARG_PATH) || listed(" fsconfig getcwd ", sig->name);
}

/* Takes, makes or waits for descriptors. Calls on sockets have a class of their own. */
static bool in_desc(const struct syscall_sig *sig)
{
	static const char list[] =
		" _newselect bpf creat epoll_create epoll_create1 eventfd eventfd2 fanotify_init"
		" fsopen inotify_init inotify_init1 io_uring_setup landlock_create_ruleset"
		" memfd_create memfd_secret mq_open open pidfd_open pipe pipe2 poll ppoll"
		" ppoll_time64 pselect6 pselect6_time64 select socketcall timerfd_create"
		" userfaultfd close_range cachestat ";

	if (sig->category == CAT_NETWORK)
		return listed(list, sig->name);
	return has_arg(sig, ARG_FD, ARG_DIRFD) || listed(list, sig->name);
}

static bool in_network(const struct syscall_sig *sig)
{
	/* socketcall is how old 32-bit programs reach all of them. */
	return sig->category == CAT_NETWORK ||
	       listed(" getpmsg putpmsg sendfile sendfile64 ", sig->name);
}

static const struct {
	const char *name;
	bool (*member)(const struct syscall_sig *sig);
	const char *list;
} classes[] = {
	{ "file", in_file, NULL },
	{ "desc", in_desc, NULL },
	{ "network", in_network, NULL },
	{ "net", in_network, NULL },
	{ "process", NULL,
	  " clone clone3 execve execveat exit exit_group fork kill pidfd_send_signal"
	  " rt_sigqueueinfo rt_tgsigqueueinfo tgkill tkill vfork wait4 waitid waitpid " },
	{ "memory", NULL,
	  " brk get_mempolicy io_destroy io_setup io_uring_register madvise map_shadow_stack"
	  " mbind migrate_pages mincore mlock mlock2 mlockall mmap mmap2 move_pages mprotect"
	  " mremap msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect"
	  " process_madvise process_mrelease remap_file_pages set_mempolicy"
	  " set_mempolicy_home_node shmat shmdt " },
	{ "signal", NULL,
	  " kill pause pidfd_send_signal rt_sigaction rt_sigpending rt_sigprocmask"
	  " rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64"
	  " rt_tgsigqueueinfo sgetmask sigaction sigaltstack signal signalfd signalfd4"
	  " sigpending sigprocmask sigreturn sigsuspend ssetmask tgkill tkill io_uring_enter " },
	{ "ipc", NULL,
	  " ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64"
	  " shmat shmctl shmdt shmget " },
	{ "creds", NULL,
	  " capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups"
	  " getgroups32 getresgid getresgid32 getresuid getresuid32 getuid getuid32 prctl"
	  " setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32"
	  " setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32"
	  " setuid setuid32 " },
	{ "clock", NULL,
	  " adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64"
	  " clock_gettime clock_gettime64 clock_settime clock_settime64 gettimeofday"
	  " settimeofday stime time " },
	{ "pure", NULL,
	  " getegid getegid32 geteuid geteuid32 getgid getgid32 getpgrp getpid getppid gettid"
	  " getuid getuid32 " },
	{ "stat", NULL, " oldstat stat stat64 " },
	{ "lstat", NULL, " lstat lstat64 oldlstat " },
	{ "fstat", NULL, " fstat fstat64 fstatat64 newfstatat oldfstat statx " },
	{ "statfs", NULL, " statfs statfs64 " },
	{ "fstatfs", NULL, " fstatfs fstatfs64 " },
	{ "%stat", NULL,
	  " fstat fstat64 fstatat64 lstat lstat64 newfstatat oldfstat oldlstat oldstat stat"
	  " stat64 statx " },
	{ "%statfs", NULL, " fstatfs fstatfs64 statfs statfs64 ustat " },
};

int syscalls__in_class(const struct syscall_sig *sig, const char *class)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (strcmp(classes[i].name, class))
			continue;
		if (classes[i].member)
			return classes[i].member(sig);
		return listed(classes[i].list, sig->name);
	}
	for (int c = 0; c < CAT_MAX; c++)
		if (!strcmp(category_names[c], class))
			return sig->category == c;
	return -ENOENT;
}
