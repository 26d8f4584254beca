// SPDX-License-Identifier: Apache-2.0
/* CFLAGS: -static */
/*
 * A process that runs before a policy is put on it, and has others break its rules: for each word on its standard input a child
 * does what the word says, and a line tells what became of it: "WORD pid=N signal=N exit=N". Ends with status 7.
 *
 * Argument: a directory with deny/ (f, prog), ok/ (a; link: to ../deny/f; hard: f's second name; swap: a link that moves).
 * A child ends with 0, or, where it was let use what it must not have had, with GOT.
 */
#include "live.h"
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define GOT 42
#define TURNS 200000

static int old_fd;

/* What is left to do once the descriptor FD was had: nothing, if it is worth nothing. */
static int use(int fd)
{
	return fd < 0 ? 1 : write(fd, "x", 1) == 1 ? GOT : 0;
}

static int ok_write(void)
{
	return open("ok/a", O_WRONLY | O_TRUNC | O_CREAT, 0600) < 0;
}
static int ok_read(void)
{
	return open("deny/f", O_RDONLY) < 0;
}
static int ok_path(void)
{
	return open("deny/f", O_PATH) < 0;
}
static int refused(void)
{
	return open("deny/none", O_WRONLY) >= 0;
}
static int open_write(void)
{
	return use(open("deny/f", O_WRONLY));
}
static int open_how(void)
{
	const uint64_t how[3] = { O_RDWR, 0, 0 };

	return use((int)syscall(SYS_openat2, AT_FDCWD, "deny/f", how, sizeof(how)));
}
static int create(void)
{
	return open("deny/new", O_RDONLY | O_CREAT, 0600) < 0 ? 1 : GOT;
}
static int truncates(void)
{
	return open("deny/f", O_RDONLY | O_TRUNC) < 0 ? 1 : GOT;
}
static int relative(void)
{
	return chdir("deny") ? 1 : use(open("f", O_WRONLY));
}
static int by_link(void)
{
	return use(open("ok/link", O_WRONLY));
}
static int by_hard_link(void)
{
	return open("ok/hard", O_WRONLY) < 0;
}
static int by_root(void)
{
	return chroot("deny") ? 1 : use(open("/f", O_WRONLY));
}
static int by_mount(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("deny", "ok/bound", NULL, MS_BIND, NULL))
		return 1;
	return use(open("ok/bound/f", O_WRONLY));
}
static int by_old(void)
{
	return write(old_fd, "old", 3) == 3 ? GOT : 1;
}
static int by_mapping(void)
{
	char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, old_fd, 0);

	return at == MAP_FAILED ? 1 : GOT;
}
static int unlinks(void)
{
	return unlink("deny/gone") ? 1 : GOT;
}
static int moves_away(void)
{
	return rename("deny/away", "ok/away") ? 1 : GOT;
}
static int moves_in(void)
{
	return rename("ok/in", "deny/in") ? 1 : GOT;
}
static int links(void)
{
	return link("ok/a", "deny/a") ? 1 : GOT;
}
static int makes_link(void)
{
	return symlink("x", "deny/l") ? 1 : GOT;
}
static int makes_dir(void)
{
	return mkdir("deny/d", 0700) ? 1 : GOT;
}
static int makes_fifo(void)
{
	return mkfifo("deny/fifo", 0600) ? 1 : GOT;
}
static int changes_mode(void)
{
	return chmod("deny/f", 0640) ? 1 : GOT;
}
static int changes_owner(void)
{
	return chown("deny/f", 1, 1) ? 1 : GOT;
}
static int truncates_name(void)
{
	return truncate("deny/f", 1) ? 1 : GOT;
}
static int ok_unlink(void)
{
	return unlink("ok/gone") || mkdir("ok/d", 0700) || rename("ok/d", "ok/e") || rmdir("ok/e");
}
static int execs(void)
{
	execl("deny/prog", "prog", NULL);
	return 1;
}
/* A program that may be executed, and whose ELF interpreter may not. */
static int by_interpreter(void)
{
	execl("ok/interp", "interp", NULL);
	return 1;
}
static int maps(void)
{
	int fd = open("deny/prog", O_RDONLY);

	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? 1 : GOT;
}
static int protects(void)
{
	int fd = open("deny/prog", O_RDONLY);
	char *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	return at == MAP_FAILED || mprotect(at, 4096, PROT_READ | PROT_EXEC) ? 1 : GOT;
}
/* It fails at the hole, behind what it has changed. */
static int protects_partly(void)
{
	int fd = open("deny/prog", O_RDONLY);
	char *at = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED || munmap(at + 4096, 4096))
		return 1;
	mprotect(at, 8192, PROT_READ | PROT_EXEC);
	return GOT;
}
static int calls_bpf(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) < 0 ? 1 : GOT;
}
static int bpf_fails(void)
{
	return syscall(SYS_bpf, 9999, NULL, 0) >= 0;
}
static int traces(void)
{
	return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) ? 1 : GOT;
}

static void on_sys(int sig)
{
	(void)sig;
}
/* What seccomp catches was not made, though the result is no error: it is the call's number. */
static int trapped(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	signal(SIGSYS, on_sys);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 1;
	syscall(SYS_bpf, 0, NULL, 0);
	return 0;
}

static void *open_in_thread(void *arg)
{
	(void)arg;
	use(open("deny/f", O_WRONLY));
	return NULL;
}
static int by_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, open_in_thread, NULL))
		return 1;
	pthread_join(t, NULL);
	return GOT;
}

static char path[] = "deny/f";
static void *flip(void *arg)
{
	(void)arg;
	for (;;) {
		__atomic_store(path, &(char){ 'x' }, __ATOMIC_RELAXED);
		__atomic_store(path, &(char){ 'd' }, __ATOMIC_RELAXED);
	}
	return NULL;
}
/* Shows one name and opens another: what is looked at is what was opened. xeny/ is a harmless directory. */
static int flips(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, flip, NULL))
		return 1;
	for (int i = 0; i < TURNS; i++) {
		int fd = open(path, O_WRONLY);
		struct stat st;

		if (fd < 0)
			return 1;
		if (!fstat(fd, &st) && st.st_nlink == 2)
			return GOT;
		close(fd);
	}
	return 2;
}

static void *swap(void *arg)
{
	(void)arg;
	for (;;)
		if (symlink("../deny/f", "ok/s1") || rename("ok/s1", "ok/swap") || symlink("a", "ok/s2") ||
		    rename("ok/s2", "ok/swap"))
			break;
	return NULL;
}
static int link_race(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, swap, NULL))
		return 1;
	for (int i = 0; i < TURNS; i++) {
		int fd = open("ok/swap", O_WRONLY);
		struct stat st;

		if (fd >= 0 && !fstat(fd, &st) && st.st_nlink == 2)
			return GOT;
		close(fd);
	}
	return 2;
}

/* One request, opened by the kernel in our place: no call of ours returns its descriptor. */
static int by_uring(void)
{
	struct io_uring_params p = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	char *sq, *cq;

	if (ring < 0)
		return 77;
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		return 1;
	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)"deny/f", .open_flags = O_WRONLY };
	((uint32_t *)(void *)(sq + p.sq_off.array))[0] = 0;
	__atomic_store_n((uint32_t *)(void *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return 1;
	cqe = (struct io_uring_cqe *)(void *)(cq + p.cq_off.cqes);
	return cqe->res < 0 ? 1 : GOT;
}
static int uring_write(void)
{
	int fd = by_uring() == GOT ? 1 : 0;

	/* the lowest free one after the ring's */
	for (int i = 3; fd && i < 16; i++)
		if ((fcntl(i, F_GETFL) & O_ACCMODE) == O_WRONLY && i != old_fd)
			return use(i);
	return 1;
}

#define STORM 200
/* Many at once, of which one breaks a rule: that one dies, and all others end well. */
static int storm(void)
{
	int killed = 0, well = 0;

	for (int i = 0; i < STORM; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			_exit(i == STORM / 2 ? open_write() : ok_write());
	}
	for (int i = 0; i < STORM; i++) {
		int status;

		if (wait(&status) < 0)
			return 1;
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		well += WIFEXITED(status) && !WEXITSTATUS(status);
	}
	return killed == 1 && well == STORM - 1 ? 0 : 3;
}

static const struct {
	const char *word;
	int (*fn)(void);
} words[] = {
	{ "ok-write", ok_write }, { "ok-read", ok_read }, { "ok-path", ok_path }, { "refused", refused },
	{ "open", open_write }, { "openat2", open_how }, { "create", create }, { "truncate", truncates }, { "relative", relative },
	{ "link", by_link }, { "hard", by_hard_link }, { "chroot", by_root }, { "bind", by_mount }, { "old", by_old },
	{ "old-map", by_mapping }, { "exec", execs }, { "interpreter", by_interpreter }, { "map", maps }, { "mprotect", protects }, { "mprotect-hole", protects_partly },
	{ "bpf", calls_bpf }, { "bpf-fails", bpf_fails }, { "ptrace", traces }, { "trapped", trapped }, { "thread", by_thread },
	{ "unlink", unlinks }, { "rename-away", moves_away }, { "rename-in", moves_in }, { "hard-link", links },
	{ "symlink", makes_link }, { "mkdir", makes_dir }, { "mkfifo", makes_fifo }, { "chmod", changes_mode },
	{ "chown", changes_owner }, { "truncate-name", truncates_name }, { "ok-unlink", ok_unlink },
	{ "flip", flips }, { "link-race", link_race }, { "uring", by_uring }, { "uring-write", uring_write }, { "storm", storm },
};

static void have_done(const char *word)
{
	int (*fn)(void) = NULL, status;
	pid_t pid;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i].word, word))
			fn = words[i].fn;
	pid = fork();
	if (!pid)
		_exit(fn ? fn() : 98);
	status = reap(pid);
	fact("%s pid=%d signal=%d exit=%d\n", word, pid, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	     WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

int main(int argc, char **argv)
{
	char word[32];

	if (argc < 2 || chdir(argv[1]))
		die("directory");
	old_fd = open("deny/f", O_RDWR);
	if (old_fd < 0)
		die("deny/f");
	fact("ready\n");
	while (scanf("%31s", word) == 1)
		have_done(word);
	return 7;
}
