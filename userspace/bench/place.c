/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <errno.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "sandtrace_version.h"

#define ROOM_WANTED (1ULL << 30) /* a trace of a million calls has a quarter of that */

uint64_t place__now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* Where the caller says; else where writing costs least and varies least. */
static const char *parent(void)
{
	const char *tmp = getenv("TMPDIR");
	struct statfs fs;

	if (tmp && *tmp == '/' && strlen(tmp) < PARENT_ROOM)
		return tmp;
	if (!statfs("/dev/shm", &fs) && fs.f_type == TMPFS_MAGIC && !access("/dev/shm", W_OK | X_OK) &&
	    (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >= ROOM_WANTED)
		return "/dev/shm";
	return "/tmp";
}

int place__make(struct place *p)
{
	ssize_t n = readlink("/proc/self/exe", p->program, sizeof(p->program) - 1);

	if (n < 0)
		return log_errno(-errno, "bench: find this program (/proc/self/exe)");
	p->program[n] = 0;
	p->terminal = isatty(STDERR_FILENO);
	snprintf(p->parent, sizeof(p->parent), "%s", parent());
	snprintf(p->dir, sizeof(p->dir), "%s/sandtrace-bench.XXXXXX", p->parent);
	if (!mkdtemp(p->dir))
		return log_errno(-errno, "bench: make a directory in %s", p->parent);
	snprintf(p->trace, sizeof(p->trace), "%s/trace", p->dir);
	snprintf(p->result, sizeof(p->result), "%s/result", p->dir);
	snprintf(p->messages, sizeof(p->messages), "%s/messages", p->dir);
	return 0;
}

void place__clear(const struct place *p)
{
	unlink(p->trace);
	unlink(p->result);
	unlink(p->messages);
}

void place__remove(struct place *p)
{
	place__clear(p);
	if (rmdir(p->dir))
		log_errno(-errno, "bench: remove %s", p->dir);
}

static void read_cpu(char *ret, size_t size, const char *otherwise)
{
	static const char model[] = "model name";
	_cleanup_(fclose) FILE *f = fopen("/proc/cpuinfo", "re");
	_cleanup_(free) char *line = NULL;
	bool guest = false, found = false;
	size_t cap = 0;

	snprintf(ret, size, "%s", otherwise);
	while (f && getline(&line, &cap, f) > 0 && *line != '\n') {
		char *value = strchr(line, ':');

		if (value && !found && !strncmp(line, model, sizeof(model) - 1)) {
			value[strcspn(value, "\n")] = 0;
			snprintf(ret, size, "%s", value + 1 + strspn(value + 1, " "));
			found = true;
		}
		guest |= !strncmp(line, "flags", 5) && strstr(line, " hypervisor");
	}
	if (guest)
		snprintf(ret + strlen(ret), size - strlen(ret), " (virtual machine)");
}

/* "strace -- version 6.1" */
static void read_strace(char *ret, size_t size)
{
	FILE *f = popen("exec strace --version 2>/dev/null", "re");
	const char *number;
	char line[128];

	*ret = 0;
	if (!f)
		return;
	if (fgets(line, sizeof(line), f) && (number = strstr(line, "version "))) {
		number += strlen("version ");
		snprintf(ret, size, "%.*s", (int)MIN(strcspn(number, " \n"), size - 1), number);
	}
	pclose(f);
}

void place__describe(struct bench_report *r)
{
	struct utsname un;
	time_t now = time(NULL);
	struct tm tm;
	double load = 0;

	uname(&un);
	snprintf(r->kernel, sizeof(r->kernel), "%.79s", un.release);
	snprintf(r->machine, sizeof(r->machine), "%.15s", un.machine);
	read_cpu(r->cpu, sizeof(r->cpu), un.machine);
	read_strace(r->strace, sizeof(r->strace));
	snprintf(r->version, sizeof(r->version), "%s", SANDTRACE_VERSION);
	strftime(r->date, sizeof(r->date), "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &tm));
	r->cpus = (unsigned int)get_nprocs();
	getloadavg(&load, 1);
	r->load = load;
}

void place__pin(int *ret_workload, int *ret_agent)
{
	cpu_set_t set;

	*ret_workload = *ret_agent = 0;
	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (int i = CPU_SETSIZE; i-- > 0;)
		if (CPU_ISSET((size_t)i, &set))
			*ret_agent = i;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET((size_t)i, &set))
			*ret_workload = i;
	CPU_ZERO(&set);
	CPU_SET((size_t)*ret_agent, &set);
	sched_setaffinity(0, sizeof(set), &set);
}
