/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"

/* Records handled between two looks at signals and timers: about 20 ms of work. */
#define DRAIN_BUDGET 32768
/* A busy reader rests this long between drains, so that records come in batches; an idle one up to the longer. */
#define REST_MIN_NS 1000000ULL
#define REST_MAX_NS 50000000ULL
/* A recorder whose tasks wait for it is slow in any case: fewer wake-ups leave it the processor. */
#define REST_SLOW_NS 10000000ULL
/* How often the kernel's loss counters are looked at. */
#define COUNTERS_NS 100000000ULL
/* A tree that survived its kill (members that left the cgroup, a refused write) is killed again after this. */
#define KILL_AGAIN_NS 500000000ULL
/* A recorder that does not let the tree end (a task can keep a tracer waiting) is ended itself after this. */
#define KILL_RECORDER_NS 3000000000ULL
/* The freezer takes 2 to 5 ms to take hold; a quarter of the ring must hold what is issued in that time. */
#define FREEZE_AT 750
#define RELIEF_AT 500
/* The sandbox's init ends a second after the command. A fork storm may keep the processor from it; we then do it. */
#define GRACE_NS 1500000000ULL
/* Drains with the command frozen: several times what the rings hold. */
#define FROZEN_ROUNDS 64

enum source { SRC_RING, SRC_SIGNAL, SRC_TIMER, SRC_CHILD, SRC_COMMAND, SRC_CGROUP, SRC_RELAY, SRC_WATCHED, SRC_TARGET };

uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

void session__signals(sigset_t *set)
{
	static const int handled[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, SIGCHLD,
				       SIGPIPE };

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
		sigaddset(set, handled[i]);
}

static int watch(struct session *s, int fd, uint32_t events, enum source src)
{
	struct epoll_event ev = { .events = events, .data.u32 = src };

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? log_errno(-errno, "epoll_ctl") : 0;
}

static int setup(struct session *s)
{
	struct itimerspec it = {
		.it_value = { .tv_sec = (time_t)(s->timeout_ns / NSEC_PER_SEC),
			      .tv_nsec = (long)(s->timeout_ns % NSEC_PER_SEC) },
	};
	sigset_t set;
	int err = 0;

	session__signals(&set);
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->signal_fd < 0 || s->timer_fd < 0 || timerfd_settime(s->timer_fd, 0, &it, NULL))
		return log_errno(-errno, "set up the event loop");
	for (unsigned int i = 0; s->capture && !err && capture__wake_fd(s->capture, i) >= 0; i++)
		err = watch(s, capture__wake_fd(s->capture, i), EPOLLIN | EPOLLET, SRC_RING);
	if (!err)
		err = watch(s, s->signal_fd, EPOLLIN, SRC_SIGNAL);
	if (!err)
		err = watch(s, s->timer_fd, EPOLLIN, SRC_TIMER);
	if (!err && s->launch->child_pidfd >= 0)
		err = watch(s, s->launch->child_pidfd, EPOLLIN, SRC_CHILD);
	if (!err && s->launch->sandbox)
		err = watch(s, s->launch->pidfd, EPOLLIN, SRC_COMMAND);
	if (!err && s->relay && s->relay->pid)
		err = watch(s, s->relay->pidfd, EPOLLIN, SRC_RELAY);
	if (!err && s->cgroup->events_fd >= 0)
		err = watch(s, s->cgroup->events_fd, EPOLLPRI, SRC_CGROUP);
	if (!err && s->watched && s->watched->events_fd >= 0)
		err = watch(s, s->watched->events_fd, EPOLLPRI, SRC_WATCHED);
	if (!err && s->target_pidfd > 0)
		err = watch(s, s->target_pidfd, EPOLLIN, SRC_TARGET);
	return err;
}

static void teardown(struct session *s)
{
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
}

static void kill_now(struct session *s)
{
	s->killed_at = clock_ns();
	if (s->cgroup->dir_fd >= 0)
		cgroup__kill(s->cgroup);
	/* root may have moved the command's first process out of its cgroup; a sandbox ends with its init */
	if (!s->reaped)
		syscall(SYS_pidfd_send_signal, s->launch->child_pidfd, SIGKILL, NULL, 0);
	if (s->capture)
		capture__kill(s->capture);
}

static void kill_tree(struct session *s, const char *why)
{
	if (s->killed_by)
		return;
	s->killed_by = why;
	s->kill_began = clock_ns();
	kill_now(s);
}

static void thaw(struct session *s)
{
	if (!s->cgroup->frozen)
		return;
	s->frozen_ns += clock_ns() - s->frozen_since;
	cgroup__set_frozen(s->cgroup, false);
}

static void freeze(struct session *s)
{
	if (s->cgroup->dir_fd < 0 || s->cgroup->frozen || s->killed_by || cgroup__set_frozen(s->cgroup, true))
		return;
	s->frozen_since = clock_ns();
	s->freezes++;
}

/* Loss becomes a record in the stream as soon as it is noticed, bounded in time by the last look. */
static int check_loss(struct session *s, uint64_t now)
{
	struct st_counters c[EV_CLASS_MAX];
	uint64_t from = s->last_counters;
	int err;

	if (!s->capture)
		return 0;
	err = capture__counters(s->capture, c);
	s->last_counters = now;
	if (err)
		return log_errno(err, "read the loss counters");
	for (int i = 0; i < EV_CLASS_MAX && !err; i++)
		if (c[i].lost != s->known[i].lost)
			err = pipeline__lost(s->pipeline, (enum event_class)i, c[i].lost - s->known[i].lost, from, now);
	memcpy(s->known, c, sizeof(c));
	return err;
}

/*
 * Moves what is there into the pipeline; returns the number of records or -errno. With HOLD the command stays frozen
 * if it was frozen. How much is moved is bounded: who has left the cgroup goes on while the rest is frozen.
 */
static long drain(struct session *s, bool hold)
{
	struct ring_set *rings;
	long n, total = 0;
	int rounds = 0;

	if (!s->capture)
		return 0;
	rings = s->capture->rings;
	do {
		if (s->freeze && ring_set__fill(rings) > FREEZE_AT)
			freeze(s);
		n = capture__drain(s->capture, clock_ns(), DRAIN_BUDGET, pipeline__record, s->pipeline);
		if (n < 0)
			return n;
		total += n;
	} while (s->cgroup->frozen && ring_set__pending(rings) && ++rounds < FROZEN_ROUNDS);
	if (ring_set__fill(rings) < RELIEF_AT)
		capture__release_pressure(s->capture);
	if (!hold)
		thaw(s);
	return total;
}

/*
 * We are about to stop, so nobody will read the rings: the command must be still, and it stays so whatever it is sent.
 * Its own stop, if it has one, is not touched.
 */
static int stop_self(struct session *s)
{
	long n;

	freeze(s);
	if (!s->cgroup->frozen) /* no cgroup: the command's own process group */
		launch__signal_group(s->launch, SIGSTOP);
	n = s->in_output ? 0 : drain(s, true); /* a sink that waits cannot be called again */
	raise(SIGSTOP);
	if (!s->cgroup->frozen)
		launch__signal_group(s->launch, SIGCONT);
	thaw(s);
	return n < 0 ? (int)n : 0;
}

/* Only a shell with job control can make something of a stopped child; elsewhere nobody would wake us. */
static bool job_control(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	pid_t leader = fd >= 0 ? tcgetsid(fd) : -1;

	if (fd >= 0)
		close(fd);
	return leader > 0 && getpgrp() != leader;
}

static int reap(struct session *s)
{
	int status;
	pid_t pid = s->reaped ? 0 : wait4(s->launch->pid, &status, WNOHANG | WUNTRACED, &s->usage);

	if (pid <= 0)
		return 0;
	/* the command stopped itself or was stopped: sandtrace's parent must see that, as it would without us */
	if (WIFSTOPPED(status))
		return job_control() ? stop_self(s) : 0;
	s->wait_status = launch__command_status(s->launch, status);
	s->reaped = true;
	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->launch->child_pidfd, NULL);
	return 0;
}

/*
 * A sandboxed command leads a session of its own, which no terminal's signal reaches: its whole process group gets what
 * its user typed. The init sends it: it reaps the command, so only it knows that the number is still the command's.
 */
static void forward(struct session *s, int sig)
{
	if (s->reaped)
		return;
	if (s->launch->sandbox && (sig == SIGINT || sig == SIGQUIT))
		launch__signal_group(s->launch, sig);
	else
		syscall(SYS_pidfd_send_signal, s->launch->pidfd, sig, NULL, 0);
}

/* Ctrl-C: the terminal sent it to the command as well. Sent by kill: the command did not get it, so pass it on. */
static void interrupted(struct session *s, const struct signalfd_siginfo *si)
{
	if (++s->interrupts > 1) {
		kill_tree(s, "interrupt");
		return;
	}
	if (si->ssi_code != SI_KERNEL || s->reaped || s->launch->sandbox)
		forward(s, SIGINT);
	/* what outlived the command has no terminal's signal to end it */
	if (s->reaped)
		kill_tree(s, "interrupt");
}

/* Nobody gets what is sent to who only watches: it ends us, or means something to us. */
static void attached_signal(struct session *s, int sig)
{
	struct sigaction sa;
	bool reload = sig == SIGHUP && !s->hangup_ends, nohup = sig == SIGHUP && !sigaction(sig, NULL, &sa) && sa.sa_handler == SIG_IGN;

	if (!nohup && !reload && (sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT))
		kill_tree(s, "interrupt");
	else if ((reload || sig == SIGUSR1 || sig == SIGUSR2) && s->on_signal)
		s->on_signal(s->signal_ctx, sig);
}

static int on_signals(struct session *s)
{
	struct signalfd_siginfo si;
	int err = 0;

	while (!err && read(s->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (s->attached)
			attached_signal(s, (int)si.ssi_signo);
		switch (si.ssi_signo) {
		case SIGCHLD:
			err = reap(s);
			break;
		case SIGINT:
			interrupted(s, &si);
			break;
		case SIGTSTP:
			err = stop_self(s);
			break;
		case SIGPIPE:
			break;
		case SIGQUIT: /* Ctrl-\ reached the command by itself, as Ctrl-C does */
			if (si.ssi_code != SI_KERNEL || s->launch->sandbox)
				forward(s, SIGQUIT);
			break;
		default:
			forward(s, (int)si.ssi_signo);
			if (si.ssi_signo == SIGTERM && s->reaped)
				kill_tree(s, "interrupt");
		}
	}
	return err;
}

static int on_timeout(struct session *s)
{
	uint64_t expirations;

	if (read(s->timer_fd, &expirations, sizeof(expirations)) > 0)
		kill_tree(s, "timeout");
	return 0;
}

/* Either both sides were closed, or the command wrote more than it may. */
static void relay_ended(struct session *s)
{
	int status;

	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->relay->pidfd, NULL);
	if (waitpid(s->relay->pid, &status, 0) != s->relay->pid)
		return;
	s->relay->pid = -1; /* reaped */
	if (WIFEXITED(status) && WEXITSTATUS(status) == RELAY_OVER_LIMIT)
		kill_tree(s, "output");
}

/*
 * A sink's reader is slow (a pager, a stopped terminal). Nobody moves records meanwhile, so the command is held still,
 * until the next drain ends; signals and the timeout are served here. A Ctrl-C too many gives the output up.
 */
static int wait_for_output(void *ctx, int fd)
{
	struct session *s = ctx;
	int err = 0;

	s->in_output = true;
	while (!err) {
		struct pollfd p[] = { { .fd = fd, .events = POLLOUT },
				      { .fd = s->signal_fd, .events = POLLIN },
				      { .fd = s->timer_fd, .events = POLLIN } };

		if (s->freeze) /* again after each stop, which thaws */
			freeze(s);
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			err = -errno;
		if (!err && p[1].revents)
			err = on_signals(s);
		if (!err && p[2].revents)
			err = on_timeout(s);
		if (p[0].revents)
			break;
		if (!err && s->interrupts > 1)
			err = -ECANCELED;
	}
	s->in_output = false;
	return err;
}

/* epoll_pwait2 came with 5.11. */
static int wait_events(int fd, struct epoll_event *ev, int room, const struct timespec *ts)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n = epoll_pwait2(fd, ev, room, ts, NULL);

	if (n >= 0 || errno != ENOSYS)
		return n;
	n = ppoll(&p, 1, ts, NULL);
	return n > 0 ? epoll_wait(fd, ev, room, 0) : n;
}

/* Sleeps until something happens; the programs wake us when a ring fills faster than our timer runs. */
static int rest(struct session *s, long handled)
{
	struct epoll_event ev[16];
	struct timespec ts = {};
	int n, err = 0;

	if (handled)
		s->idle_ns = s->capture && s->capture->throttles && !s->reaped ? REST_SLOW_NS : REST_MIN_NS;
	else
		s->idle_ns = MIN(s->idle_ns * 2, REST_MAX_NS);
	if (handled < DRAIN_BUDGET)
		ts.tv_nsec = (long)s->idle_ns;
	if (s->capture)
		capture__set_awake(s->capture, false);
	n = wait_events(s->epoll_fd, ev, ARRAY_SIZE(ev), s->capture || s->killed_by || s->grace_until ? &ts : NULL);
	if (s->capture)
		capture__set_awake(s->capture, true);
	if (n < 0 && errno != EINTR)
		return log_errno(-errno, "wait for events");
	if (s->killed_by && clock_ns() - s->killed_at > KILL_AGAIN_NS)
		kill_now(s);
	if (s->killed_by && s->capture && clock_ns() - s->kill_began > KILL_RECORDER_NS)
		capture__stop(s->capture, true);
	if (s->grace_until && !s->reaped && clock_ns() > s->grace_until)
		kill_now(s);
	for (int i = 0; i < n && !err; i++) {
		switch ((enum source)ev[i].data.u32) {
		case SRC_SIGNAL:
			err = on_signals(s);
			break;
		case SRC_TIMER:
			err = on_timeout(s);
			break;
		case SRC_CHILD:
			err = reap(s);
			break;
		case SRC_COMMAND:
			epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->launch->pidfd, NULL);
			s->grace_until = clock_ns() + GRACE_NS;
			break;
		case SRC_CGROUP:
			/* the file stays "changed", and epoll busy, until it is read */
			cgroup__populated(s->cgroup);
			break;
		case SRC_RELAY:
			relay_ended(s);
			break;
		case SRC_WATCHED:
			cgroup__populated(s->watched);
			break;
		case SRC_TARGET:
			epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->target_pidfd, NULL);
			break;
		case SRC_RING:
			break;
		}
	}
	return err;
}

/* After the last process is gone: everything is in the rings, and nothing more comes. */
static int finish(struct session *s)
{
	long n;
	int err;

	s->end_ts = clock_ns();
	if (!s->capture)
		return 0;
	capture__detach(s->capture);
	s->end_ts = clock_ns();
	err = capture__stop(s->capture, false);
	do {
		n = capture__drain(s->capture, UINT64_MAX, DRAIN_BUDGET, pipeline__record, s->pipeline);
		if (n < 0)
			return (int)n;
	} while (n || ring_set__pending(s->capture->rings));
	return err ? err : check_loss(s, clock_ns());
}

/* Has what we are attached to, a cgroup, somebody in it, or has not had yet? The root has no file that tells. */
static bool inhabited(struct session *s)
{
	int populated;

	if (!s->watched || s->killed_by)
		return false;
	populated = s->watched->events_fd >= 0 ? cgroup__populated(s->watched) : 1;
	s->inhabited |= populated > 0;
	return populated > 0 || (!populated && !s->inhabited);
}

/* Is anything of the run still going on? */
static bool alive(struct session *s)
{
	return inhabited(s) ||
	       !s->reaped || (s->cgroup->dir_fd >= 0 && cgroup__populated(s->cgroup) > 0) ||
	       (s->capture && capture__live(s->capture));
}

int session__run(struct session *s)
{
	long n;
	int err;

	s->epoll_fd = s->signal_fd = s->timer_fd = -1;
	s->reaped = s->attached;
	s->idle_ns = REST_MIN_NS;
	err = setup(s);
	s->waiter = (struct output_waiter){ wait_for_output, s };
	pipeline__set_waiter(s->pipeline, &s->waiter);
	if (!err) {
		s->release_ts = s->last_counters = clock_ns();
		err = s->launch->barrier_fd >= 0 ? launch__release(s->launch) : 0;
	}
	while (!err) {
		bool more = alive(s);
		uint64_t now;

		n = drain(s, false);
		if (n < 0)
			err = (int)n;
		now = clock_ns();
		if (s->capture)
			capture__tick(s->capture, now);
		if (!err && now - s->last_counters > COUNTERS_NS)
			err = check_loss(s, now);
		if (!err && n < DRAIN_BUDGET)
			err = pipeline__flush(s->pipeline);
		if (!more || err)
			break;
		err = rest(s, n);
	}
	if (err) {
		thaw(s);
		kill_now(s);
		if (s->capture)
			capture__stop(s->capture, true);
		if (!s->reaped && waitpid(s->launch->pid, &s->wait_status, 0) == s->launch->pid)
			s->reaped = true;
	} else {
		err = finish(s);
	}
	pipeline__set_waiter(s->pipeline, NULL);
	teardown(s);
	return err;
}
