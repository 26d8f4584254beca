/* SPDX-License-Identifier: Apache-2.0 */
/* posix_spawn with file actions, one that fails, and a chain of pipes between spawned programs. */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(void)
{
	posix_spawn_file_actions_t fa;
	char *ok[] = { "true", NULL }, *no[] = { "absent", NULL };
	pid_t pid;
	int i;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 5, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, 5, 7);
	for (i = 0; i < 20; i++) {
		if (posix_spawn(&pid, "/bin/true", &fa, NULL, ok, environ))
			return 1;
		waitpid(pid, NULL, 0);
	}
	if (!posix_spawn(&pid, "/absent/program", &fa, NULL, no, environ))
		waitpid(pid, NULL, 0);
	return 0;
}
