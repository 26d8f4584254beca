/* SPDX-License-Identifier: Apache-2.0 */
/* Names of errors and signals. */
#include "syscalls.h"

#include <signal.h>
#include <string.h>

#include "../base/util.h"

/* Between the kernel and itself: a traced call can return them, a program never sees them. */
#define ERESTART_FIRST 512
static const char *const restarts[] = {
	"ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ENOIOCTLCMD", "ERESTART_RESTARTBLOCK",
};

const char *errno__name(int err)
{
	if (err <= 0)
		return NULL;
	if (err >= ERESTART_FIRST && err < ERESTART_FIRST + (int)ARRAY_SIZE(restarts))
		return restarts[err - ERESTART_FIRST];
	return strerrorname_np(err);
}

/* The kernel's first real-time signal; libc keeps two for itself and calls a later one SIGRTMIN. */
#define SIGRT_FIRST 32

#define SIG(x) [x] = #x
#define RT(n) [SIGRT_FIRST + n] = "SIGRTMIN+" #n
static const char *const signals[] = {
	SIG(SIGHUP), SIG(SIGINT), SIG(SIGQUIT), SIG(SIGILL), SIG(SIGTRAP), SIG(SIGABRT),
	SIG(SIGBUS), SIG(SIGFPE), SIG(SIGKILL), SIG(SIGUSR1), SIG(SIGSEGV), SIG(SIGUSR2),
	SIG(SIGPIPE), SIG(SIGALRM), SIG(SIGTERM), SIG(SIGSTKFLT), SIG(SIGCHLD), SIG(SIGCONT),
	SIG(SIGSTOP), SIG(SIGTSTP), SIG(SIGTTIN), SIG(SIGTTOU), SIG(SIGURG), SIG(SIGXCPU),
	SIG(SIGXFSZ), SIG(SIGVTALRM), SIG(SIGPROF), SIG(SIGWINCH), SIG(SIGIO), SIG(SIGPWR),
	SIG(SIGSYS), [SIGRT_FIRST] = "SIGRTMIN",
	RT(1), RT(2), RT(3), RT(4), RT(5), RT(6), RT(7), RT(8), RT(9), RT(10), RT(11), RT(12),
	RT(13), RT(14), RT(15), RT(16), RT(17), RT(18), RT(19), RT(20), RT(21), RT(22), RT(23),
	RT(24), RT(25), RT(26), RT(27), RT(28), RT(29), RT(30), RT(31), RT(32),
};

const char *signal__name(int sig)
{
	return sig > 0 && sig < (int)ARRAY_SIZE(signals) ? signals[sig] : NULL;
}
