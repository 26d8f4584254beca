/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* Executing from odd places, and failing to. Ends in itself as "images final", which makes 3 calls and exits with 3. */
#include "adversary.h"
#include <time.h>

static char self[4096];
static char *final_argv[] = { "images", "final", NULL }, *no_env[] = { NULL };
static int gate[2], tids[2];
static pid_t tid_of[8];

/* Leaves its tid to whoever reads, and blocks: in a read, a sleep, a wait for no signal. */
static void *blocked(void *arg)
{
	long how = (long)arg;
	struct timespec hour = { 3600, 0 };
	sigset_t none = { { 0 } };
	char c;

	tid_of[how] = syscall(SYS_gettid);
	tell(tids[1]);
	if (how == 0)
		read(gate[0], &c, 1);
	else if (how == 1)
		syscall(SYS_nanosleep, &hour, NULL);
	else
		sigwaitinfo(&none, NULL);
	return NULL;
}

static void *exec_thread(void *arg)
{
	wait_asleep(getpid(), SYS_poll);
	syscall(SYS_execve, self, final_argv, no_env);
	return arg;
}

static void block_three(void)
{
	static const long nr[] = { SYS_read, SYS_nanosleep, SYS_rt_sigtimedwait };

	make_pipe(gate);
	make_pipe(tids);
	for (long i = 0; i < 3; i++) {
		thread(blocked, (void *)i);
		hear(tids[0]);
		wait_asleep(tid_of[i], nr[i]);
	}
}

/* A thread executes while the leader and three others are blocked in calls. */
static void by_thread(void)
{
	block_three();
	thread(exec_thread, NULL);
	syscall(SYS_poll, NULL, 0, -1);
}

/* The same, when the leader has ended before. */
static void *orphaned_exec(void *arg)
{
	wait_state(getpid(), "Z");
	syscall(SYS_execve, self, final_argv, no_env);
	return arg;
}

static void leaderless(void)
{
	thread(orphaned_exec, NULL);
	syscall(SYS_exit, 5);
}

static void try(const char *path, char **argv, char **envp)
{
	syscall(SYS_execve, path, argv, envp);
	ppid_calls(1);
}

static void put_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, mode))
		die(path);
	close(fd);
}

static void failing(void)
{
	char *huge = malloc(1 << 18), *huge_argv[] = { "images", huge, NULL }, *bad_argv[] = { "images", (char *)0x10, NULL };
	char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(huge, 'x', 1 << 18);
	huge[(1 << 18) - 1] = 0;
	put_file("noexec", "text", 0644);
	put_file("garbage", "\177neither\n", 0755);
	put_file("nointerp", "#!/absent/interpreter\n", 0755);
	symlink("loop", "loop");
	mkdir("dir", 0755);
	try("absent/x", final_argv, no_env);
	try("noexec", final_argv, no_env);
	try("garbage", final_argv, no_env);
	try("nointerp", final_argv, no_env);
	try("loop", final_argv, no_env);
	try("dir", final_argv, no_env);
	try("noexec/x", final_argv, no_env);
	try("", final_argv, no_env);
	try(NULL, final_argv, no_env);
	try((char *)0xffff800000001000UL, final_argv, no_env);
	try(none, final_argv, no_env);
	try(huge, final_argv, no_env);
	try(self, huge_argv, no_env);
	try(self, final_argv, huge_argv);
	try(self, bad_argv, no_env);
	try(self, (char **)none, no_env);
	syscall(SYS_execveat, 99, "x", final_argv, no_env, 0);
	syscall(SYS_execve, self, final_argv, NULL);
}

/* Scripts that are each other's interpreters: N of them, the last one's is this program. */
static void chain(int n)
{
	char name[32], text[4200], *argv[] = { "chain", "one", "", "\xff\xfe \n\"quoted\"", NULL };

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "script%d", i);
		if (i + 1 < n)
			snprintf(text, sizeof(text), "#!./script%d  an argument \n", i + 1);
		else
			snprintf(text, sizeof(text), "#!%s final\n", self);
		put_file(name, text, 0755);
	}
	syscall(SYS_execve, "./script0", argv, no_env);
}

static void short_chain(void)
{
	chain(4);
}

static void long_chain(void)
{
	chain(8);
	ppid_calls(1);
	syscall(SYS_execve, self, final_argv, no_env);
}

/* Image after image in one process, without a name, and one of an open descriptor in another directory. */
static void nameless(void)
{
	char *argv[] = { NULL };
	int fd = syscall(SYS_memfd_create, "odd\nname", MFD_CLOEXEC), dir;

	copy_self(fd);
	mkdir("below", 0755);
	chdir("below");
	dir = open("..", O_PATH | O_DIRECTORY);
	syscall(SYS_execveat, dir, "absent", final_argv, no_env, 0);
	if (!fork())
		syscall(SYS_execveat, fd, "", argv, no_env, AT_EMPTY_PATH); /* argc 0: the kernel makes it 1 */
	wait(NULL);
	syscall(SYS_execveat, fd, "", final_argv, no_env, AT_EMPTY_PATH);
}

static const struct mode modes[] = {
	{ "thread", by_thread }, { "leaderless", leaderless }, { "failing", failing }, { "chain", short_chain },
	{ "longchain", long_chain }, { "nameless", nameless }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	if (argc < 2)
		_exit(4);
	if (!strcmp(argv[1], "final")) {
		ppid_calls(3);
		_exit(3);
	}
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die("readlink");
	return run_mode(modes, argc, argv);
}
