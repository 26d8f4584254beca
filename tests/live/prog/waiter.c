/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/*
 * Blocks until a signal comes. ends: SIGINT or SIGTERM ends it with status 40 + signal; stays:
 * ignores them and waits for ever. First prints what it sees of the terminal, then "ready" from
 * inside the blocked set.
 */
#include "live.h"
#include <termios.h>

int main(int argc, char **argv)
{
	int stays = argc > 1 && !strcmp(argv[1], "stays"), sig;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fact("tty0=%d tty1=%d tty2=%d\n", isatty(0), isatty(1), isatty(2));
	fact("foreground=%d pid=%d\n", tcgetpgrp(0) == getpgrp(), getpid());
	fact("ready\n");
	for (;;) {
		if (sigwait(&set, &sig))
			die("sigwait");
		fact("signal=%d\n", sig);
		if (!stays && sig != SIGCONT)
			return 40 + sig;
	}
}
