/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `run`, `attach` and `doctor`. Adding an option is adding a row; options.c parses, help.c and completion.c print. */
#include <stddef.h>

#include "option_set.h"
#include "policy/policy.h"

#define MEMBER(m) .offset = offsetof(struct run_options, m)

/* Rows that are the same for several commands. */
#define WATCH_ROW \
	{ .name = "watch", \
	  .arg = OPT_ARG, \
	  .metavar = "NAME|PATH", \
	  .group = OPT_GROUP_RECORD, \
	  .set = set_watch, \
	  .help = "with the security profile: record who reads this file, or files below it; may be repeated", \
	  .man = "With the security profile: record each opening of this file for reading, or of what lies up to three directories below it. " \
		 "_NAME_ is a file's or a directory's name, wherever it is; of a _PATH_ the last four names count. A *\\** at the end of a " \
		 "name stands for any more characters. Names have up to 62 bytes. Files that hold keys and passwords are watched always: " \
		 "what the summary calls sensitive when it is read." }
#define EVENTS_ROW \
	{ .name = "events", \
	  .arg = OPT_ARG, \
	  .metavar = "LIST", \
	  .group = OPT_GROUP_RECORD, \
	  .set = set_events, \
	  .help = "of the security profile only: file, io, network, flow, names, kernel, credentials, all, none; default all,!io", \
	  .man = "What the security profile records, besides processes: a list of *file*, *io* (reads and writes of files, added up per " \
		 "process and file), *network*, *flow*, *names*, *kernel*, *credentials*, *all* and *none*; *!item* takes away. What is " \
		 "left out costs nothing: its programs are not attached, unless a policy needs them. What a policy refuses is recorded in any " \
		 "case. The default is *all,!io*, because *io* is on the way of each read and write." }
#define QUIET_ROW \
	{ .name = "quiet", \
	  .letter = 'q', \
	  .group = OPT_GROUP_OUTPUT, \
	  MEMBER(quiet), \
	  .set = set_true, \
	  .help = "print no summary at the end" }
#define HELP_ROW { .name = "help", .letter = 'h', .group = OPT_GROUP_HELP, .help = "print this help" }

#define RATE_MAN                                                                                                       \
	"Record at most _N_ (*200* or *200/s*) a second of _CLASS_, *file* or *network*, from each control group, and twice that in " \
	"any one second; or, with *none*, as many as there are. What is held back is counted exactly: a record of type *rate* " \
	"tells when that begins and when it ends, the summary how much it was. Flows, names, sums, processes, credentials, what changes the system and " \
	"what a policy refuses are never held back. "

const struct option_desc run_option_table[] = {
	{ .name = "trace-only",
	  .group = OPT_GROUP_RECORD,
	  MEMBER(trace_only),
	  .set = set_true,
	  .help = "record the command without containing it: no layer, no policy",
	  .man = "Record the command without containing it. It runs with all the rights of its caller. Cannot be "
		 "combined with an option that makes a policy." },
	{ .name = "backend",
	  .arg = OPT_ARG,
	  .metavar = "NAME",
	  .group = OPT_GROUP_RECORD,
	  .choices = backend_choices,
	  .set = set_backend,
	  .help = "ebpf and ptrace record; none only contains; auto (default) is ebpf, or ptrace where BPF is not permitted",
	  .man = "*ebpf* records with BPF programs in the kernel and needs root. *ptrace* stops the command at each call: "
		 "the same records, for an ordinary user too, at some thirty times the cost per call; what *-e* leaves out "
		 "costs next to nothing. *none* contains the command and records nothing: refusals then show only as the "
		 "command's own errors. *auto*, the default, tries *ebpf* and falls back to *ptrace*; the trace's header, "
		 "and *-v*, say which it is and why." },
	{ .name = "profile",
	  .arg = OPT_ARG,
	  .metavar = "NAME",
	  .group = OPT_GROUP_RECORD,
	  .choices = profile_choices,
	  .set = set_profile,
	  .help = "syscalls (default): every call; security: what LSM hooks in the kernel see; both",
	  .man = "*syscalls*, the default, records every system call. *security* records what the kernel does, from its LSM "
		 "hooks: files opened for writing, changed and removed, connections, programs, credentials, and what changes "
		 "the system; calls that do none of this cost nothing, and no refusal of the sandbox is explained, for that "
		 "takes the calls. *both* records both. Where BPF cannot be an LSM, system calls stand in for the hooks, and the "
		 "header's *degraded* says so." },
	{ .name = "pid",
	  .letter = 'p',
	  .arg = OPT_ARG,
	  .metavar = "PID",
	  .group = OPT_GROUP_RECORD,
	  .set = set_pid,
	  .help = "with --trace-only: record a process that runs already, in place of a command; by ptrace",
	  .man = "Record the process PID, all its threads, and what they start from now on, until it ends; it is not "
		 "contained. Ctrl-C or *--timeout*, which is off unless given, let it go: it runs on as before. This is done by "
		 "*ptrace*, which loses nothing and slows it down; *sandtrace-attach*(1) does it with *ebpf*." },
	WATCH_ROW,
	EVENTS_ROW,
	{ .name = "rate-limit",
	  .arg = OPT_ARG,
	  .metavar = "CLASS=N",
	  .group = OPT_GROUP_RECORD,
	  .set = set_rate_limit,
	  .help = "of file or network, at most N records a second from each control group, or none; none by default",
	  .man = RATE_MAN "By default there is no limit." },
	{ .name = "trace",
	  .letter = 'e',
	  .arg = OPT_ARG,
	  .metavar = "EXPR",
	  .group = OPT_GROUP_RECORD,
	  .complete = OPT_COMPLETE_CLASSES,
	  .set = set_trace,
	  .help = "record only these calls: names, %classes, !item takes away "
		  "(%file,%network,!close)",
	  .man = "Record only the calls that _EXPR_ selects; see *EXPRESSIONS*. The choice is made "
		 "in the kernel: a "
		 "call that is not selected costs next to nothing. Process records are always "
		 "written. The spelling "
		 "of strace, *-e trace=*_EXPR_, is accepted; its other qualifiers are not. May be "
		 "given once." },
	{ .name = "summary-only",
	  .letter = 'c',
	  .group = OPT_GROUP_RECORD,
	  MEMBER(count),
	  .set = set_true,
	  .help = "count calls, errors and time in the kernel; write no record per call",
	  .man = "Count calls, errors and time per call in the kernel and print the table at the "
		 "end. No record is "
		 "written per call, which makes this the cheapest way to look at a busy command." },
	{ .name = "follow-forks",
	  .arg = OPT_OPTIONAL_ARG,
	  .metavar = "true|false",
	  .group = OPT_GROUP_RECORD,
	  MEMBER(follow_forks),
	  .set = set_bool,
	  .help = "record the children too (the default)",
	  .man = "Record all descendants of the command, threads included. This is the default. "
		 "The value, if any, "
		 "follows an equals sign." },
	{ .name = "no-follow-forks",
	  .group = OPT_GROUP_RECORD,
	  MEMBER(follow_forks),
	  .set = set_false,
	  .help = "record only the first process",
	  .man = "Record only the first process of the command: the same as "
		 "*--follow-forks=false*." },
	{ .name = "decode-fds",
	  .letter = 'y',
	  .group = OPT_GROUP_RECORD,
	  MEMBER(fd_paths),
	  .set = set_true,
	  .help = "show the path behind each file descriptor" },

	{ .name = "output",
	  .letter = 'o',
	  .arg = OPT_ARG,
	  .metavar = "FILE",
	  .group = OPT_GROUP_OUTPUT,
	  .complete = OPT_COMPLETE_FILE,
	  MEMBER(output),
	  .set = set_output,
	  .help = "write the trace to FILE, as JSONL; - is standard output",
	  .man = "Write the trace to _FILE_, one JSON object per line unless *--format* says "
		 "otherwise. *-* stands "
		 "for standard output. A file is created with mode 0600, and a symbolic link is "
		 "not followed. "
		 "Without this option the trace is written to standard error, as text." },
	{ .name = "format",
	  .arg = OPT_ARG,
	  .metavar = "FORMAT",
	  .group = OPT_GROUP_OUTPUT,
	  .choices = formats,
	  MEMBER(format),
	  .set = set_format,
	  .help = "auto, text or jsonl; auto is JSONL with -o and text without",
	  .man = "*text* is for people, *jsonl* for programs. *auto*, the default, is *jsonl* when "
		 "*-o* is given and "
		 "*text* when it is not." },
	{ .name = "verbose",
	  .letter = 'v',
	  .group = OPT_GROUP_OUTPUT,
	  .set = set_verbose,
	  .help = "show more calls as text; -vv all of them, -vvv with raw arguments",
	  .man = "How much the text shows. Without it: refused calls and the summary. *-v*: files, "
		 "network and "
		 "processes. *-vv*: every call. *-vvv*: every call with raw arguments and "
		 "identities. More than "
		 "three count as three. With *-o*, the text is written to standard error besides "
		 "the file, and only when "
		 "*-v* is given; what is in the file does not depend on it." },
	QUIET_ROW,
	{ .name = "no-color",
	  .group = OPT_GROUP_OUTPUT,
	  MEMBER(no_color),
	  .set = set_true,
	  .help = "write text without colours, as with NO_COLOR=1",
	  .man = "Write text without colours. Colours are used only on a terminal; see "
		 "*ENVIRONMENT*." },

	{ .name = "timeout",
	  .arg = OPT_ARG,
	  .metavar = "TIME",
	  .group = OPT_GROUP_RUN,
	  MEMBER(timeout_ns),
	  .set = set_timeout,
	  .help = "kill the command and its descendants after TIME: 90, 500ms, 5m, 1h; default 30s, or the policy's",
	  .man = "Kill the command with all its descendants after _TIME_ and exit with status 124. "
		 "A plain number is "
		 "in seconds; *ms*, *s*, *m* and *h* may follow it, and it may have a fraction. "
		 "From 1 ms to 7 days "
		 "(168h); the default is 30 seconds. There is no way to say never." },
	{ .name = "on-overload",
	  .arg = OPT_ARG,
	  .metavar = "MODE",
	  .group = OPT_GROUP_RUN,
	  .choices = overload_modes,
	  MEMBER(on_overload_drop),
	  .set = set_on_overload,
	  .help = "when records come faster than they are read: freeze the command until they are "
		  "(default), or "
		  "drop records and count them",
	  .man = "What to do when records come faster than they can be read. *freeze*, the "
		 "default, stops the "
		 "command until the reader has caught up: nothing is lost. *drop* never slows the "
		 "command and loses "
		 "records; how many, and when, is recorded exactly." },
	{ .name = "ring-size",
	  .arg = OPT_ARG,
	  .metavar = "SIZE",
	  .group = OPT_GROUP_RUN,
	  MEMBER(ring_bytes),
	  .set = set_ring_size,
	  .help = "memory for records that wait to be read: a power of two, 64K to 1G",
	  .man = "Memory for the records that wait to be read, all rings together: a power of two "
		 "from *64K* to "
		 "*1G*. The default is 4 MiB per processor, at least 8 MiB. *freeze* needs that "
		 "much, because freezing "
		 "takes a few milliseconds to take hold, and refuses a smaller size." },

	{ .name = "policy",
	  .arg = OPT_ARG,
	  .metavar = "FILE|NAME",
	  .group = OPT_GROUP_SANDBOX,
	  .complete = OPT_COMPLETE_FILE,
	  .set = set_policy,
	  .help = "load a policy: a file, or default, strict, npm_audit, ...; may be repeated",
	  .man = "Load a policy from a file (TOML, YAML or JSON), or a built-in one by its name: see *sandtrace policy*. "
		 "Without it, *default* is loaded. Several are merged in the order given; the options below "
		 "add to them." },
	{ .name = "allow-path",
	  .arg = OPT_ARG,
	  .metavar = "PATH",
	  .group = OPT_GROUP_SANDBOX,
	  .complete = OPT_COMPLETE_FILE,
	  .offset = RULE_WRITE,
	  .set = set_rule,
	  .help = "let the command read and write PATH, and what is below; may be repeated" },
	{ .name = "read",
	  .arg = OPT_ARG,
	  .metavar = "PATH",
	  .group = OPT_GROUP_SANDBOX,
	  .complete = OPT_COMPLETE_FILE,
	  .offset = RULE_READ,
	  .set = set_rule,
	  .help = "let the command read PATH; may be repeated" },
	{ .name = "write",
	  .arg = OPT_ARG,
	  .metavar = "PATH",
	  .group = OPT_GROUP_SANDBOX,
	  .complete = OPT_COMPLETE_FILE,
	  .offset = RULE_WRITE,
	  .set = set_rule,
	  .help = "the same as --allow-path" },
	{ .name = "allow-exec",
	  .group = OPT_GROUP_SANDBOX,
	  MEMBER(allow_exec),
	  .set = set_true,
	  .help = "let the command start other programs",
	  .man = "Let the command execute whatever it can read, in its writable paths too. Without this option, and "
		 "unless the policy lists programs, only the command itself can be executed: what was named, with the "
		 "interpreters of its script." },
	{ .name = "allow-net",
	  .group = OPT_GROUP_SANDBOX,
	  MEMBER(allow_net),
	  .set = set_true,
	  .help = "keep the host's network, all of it" },
	{ .name = "net",
	  .arg = OPT_ARG,
	  .metavar = "HOST:PORT",
	  .group = OPT_GROUP_SANDBOX,
	  .offset = RULE_NET,
	  .set = set_rule,
	  .help = "let the command reach HOST:PORT or CIDR:PORT and nothing else; may be repeated (root)",
	  .man = "Let the command connect to _HOST_:_PORT_, or to a range of addresses 10.0.0.0/8:443, and to nothing "
		 "else. A port is a number, a range 8000-8100 or \\*. Names are resolved before the start; no other name "
		 "resolves inside. May be repeated. Needs root." },
	{ .name = "allow-unix",
	  .group = OPT_GROUP_SANDBOX,
	  MEMBER(allow_unix),
	  .set = set_true,
	  .help = "let the command use Unix sockets, also those of the host in directories it sees",
	  .man = "Let the command make and use sockets of the Unix domain. Today's kernels have no layer that keeps a command "
		 "from connecting to a socket of the host in a directory that it may see, so these sockets are refused "
		 "unless this option is given; pairs of connected sockets always work." },
	{ .name = "env",
	  .arg = OPT_ARG,
	  .metavar = "NAME[=VALUE]",
	  .group = OPT_GROUP_SANDBOX,
	  .set = set_env,
	  .help = "pass on NAME of the environment, or set it to VALUE; may be repeated" },
	{ .name = "overlay",
	  .group = OPT_GROUP_SANDBOX,
	  MEMBER(overlay),
	  .set = set_true,
	  .help = "keep changes below writable paths in memory, list them at the end, and drop them" },
	{ .name = "commit",
	  .group = OPT_GROUP_SANDBOX,
	  MEMBER(commit),
	  .set = set_true,
	  .help = "with --overlay: apply the changes when the command ended with status 0" },
	{ .name = "tty",
	  .group = OPT_GROUP_SANDBOX,
	  MEMBER(tty),
	  .set = set_true,
	  .help = "give the command a terminal of its own, for shells and editors" },
	{ .name = "user",
	  .arg = OPT_ARG,
	  .metavar = "NAME|UID[:GID]",
	  .group = OPT_GROUP_SANDBOX,
	  MEMBER(user),
	  .set = set_text,
	  .help = "as root: run the command as this user, with that user's rights to files",
	  .man = "Run the command as another user; only root can. Root has no capabilities inside and is an ordinary owner of "
		 "files there, so what belongs to others is best run as its owner: *sudo sandtrace run --user $USER* ..." },
	{ .name = "chdir",
	  .arg = OPT_ARG,
	  .metavar = "DIR",
	  .group = OPT_GROUP_SANDBOX,
	  .complete = OPT_COMPLETE_FILE,
	  .set = set_chdir,
	  .help = "start in DIR; default: where you are, if the command may see it",
	  .man = "Start the command in _DIR_. Without this option it starts where you are, if it may see that; else in the "
		 "directory of the only *--allow-path*; else in its private home." },
	{ .name = "hostname",
	  .arg = OPT_ARG,
	  .metavar = "NAME",
	  .group = OPT_GROUP_SANDBOX,
	  .set = set_hostname,
	  .help = "the host name inside; default sandbox" },
	{ .name = "memory",
	  .arg = OPT_ARG,
	  .metavar = "SIZE",
	  .group = OPT_GROUP_RUN,
	  MEMBER(memory),
	  .set = set_bytes,
	  .help = "memory of all its processes together; default 4G, no swap" },
	{ .name = "pids",
	  .arg = OPT_ARG,
	  .metavar = "N",
	  .group = OPT_GROUP_RUN,
	  .set = set_pids,
	  .help = "processes and threads at a time; default 1024" },
	{ .name = "cpus",
	  .arg = OPT_ARG,
	  .metavar = "N",
	  .group = OPT_GROUP_RUN,
	  .set = set_cpus,
	  .help = "processors' worth of time: 0.5, 2; default no limit" },
	{ .name = "tmpfs-size",
	  .arg = OPT_ARG,
	  .metavar = "SIZE",
	  .group = OPT_GROUP_RUN,
	  MEMBER(tmpfs_size),
	  .set = set_bytes,
	  .help = "what /tmp, /dev/shm, the private home and overlays hold together; default 512M" },
	{ .name = "max-file-size",
	  .arg = OPT_ARG,
	  .metavar = "SIZE",
	  .group = OPT_GROUP_RUN,
	  MEMBER(max_file_size),
	  .set = set_bytes,
	  .help = "size of one file it writes; default no limit" },
	{ .name = "quota",
	  .arg = OPT_ARG,
	  .metavar = "SPEC",
	  .group = OPT_GROUP_RUN,
	  MEMBER(quota),
	  .set = set_text,
	  .help = "start only if writable directories and the command are within files=N,file=SIZE,total=SIZE,command=N; "
		  "or default",
	  .man = "Before anything is started, count the files below every directory that the command may change, and "
		 "start nothing if there are more than _SPEC_ allows: *files=*_N_, *file=*_SIZE_ for the largest, "
		 "*total=*_SIZE_, *command=*_N_ bytes of the command line, separated by commas. *default* is "
		 "files=2000,file=2M,total=50M,command=4096." },
	{ .name = "max-output",
	  .arg = OPT_ARG,
	  .metavar = "SIZE",
	  .group = OPT_GROUP_RUN,
	  MEMBER(max_output),
	  .set = set_bytes,
	  .help = "bytes it may write to standard output and error; it is killed beyond; default no limit" },
	{ .name = "artifacts",
	  .arg = OPT_ARG,
	  .metavar = "DIR",
	  .group = OPT_GROUP_OUTPUT,
	  .complete = OPT_COMPLETE_FILE,
	  MEMBER(artifacts),
	  .set = set_text,
	  .help = "write trace.jsonl and a manifest.json of the run into DIR",
	  .man = "Write the trace as _DIR_/trace.jsonl, and _DIR_/manifest.json with its hash, the layers in force, the policy's "
		 "hash, what the writable directories held, and names (never values) of environment variables. The directory is "
		 "made if need be; the command must not see it." },
	{ .name = "allow-degraded",
	  .arg = OPT_ARG,
	  .metavar = "LAYER",
	  .group = OPT_GROUP_SANDBOX,
	  .set = set_degraded,
	  .help = "go on without LAYER where it cannot be set up; protects less; may be repeated",
	  .man = "Go on where _LAYER_ cannot be set up, instead of starting nothing. The layers: *user_ns*, *mount*, "
		 "*pid_ns*, *network*, *ipc_ns*, *uts_ns*, *cgroup_ns*, *capabilities*, *no_new_privs*, *rlimits*, *landlock*, "
		 "*seccomp*, *cgroup*, *exec*. Those in force are listed in the trace's first record." },

	HELP_ROW,
	{ 0 },
};

const struct option_desc attach_option_table[] = {
	{ .name = "pid",
	  .letter = 'p',
	  .arg = OPT_ARG,
	  .metavar = "PID",
	  .group = OPT_GROUP_RECORD,
	  .set = set_pid,
	  .help = "the process PID, its threads, what it has started and what it will start",
	  .man = "Attach to the process _PID_: all its threads, its descendants, and what they start from now on. It ends when the "
		 "last of them has." },
	{ .name = "cgroup",
	  .arg = OPT_ARG,
	  .metavar = "PATH",
	  .group = OPT_GROUP_RECORD,
	  .complete = OPT_COMPLETE_FILE,
	  .set = set_cgroup,
	  .help = "whatever runs in this cgroup (v2) or below, now or later: a directory, or as /system.slice/x.service",
	  .man = "Attach to a control group, version 2, and those below it: to what runs there, and to what is started there or "
		 "moved there. What has once been there stays attached to if it is moved away. _PATH_ is its directory, or its "
		 "path in the hierarchy as in /proc/PID/cgroup. It ends when nothing is left in the group; an empty one is waited "
		 "for." },
	{ .name = "profile",
	  .arg = OPT_ARG,
	  .metavar = "NAME",
	  .group = OPT_GROUP_RECORD,
	  .choices = profile_choices,
	  .set = set_profile,
	  .help = "security (default): what LSM hooks in the kernel see; syscalls: every call; both",
	  .man = "*security*, the default, records what the kernel does, from its LSM hooks: files opened for writing, changed and "
		 "removed, connections, programs, credentials, and what changes the system. Calls that do none of this cost "
		 "nothing. Where BPF cannot be an LSM, the system calls that change files, sockets, credentials or the system stand "
		 "in for them, but not the opening of files; the header's *degraded* and a line on standard error say so. "
		 "*syscalls* records every system call, *both* both." },
	WATCH_ROW,
	EVENTS_ROW,
	{ .name = "rate-limit",
	  .arg = OPT_ARG,
	  .metavar = "CLASS=N",
	  .group = OPT_GROUP_RECORD,
	  .set = set_rate_limit,
	  .help = "of file or network, at most N records a second from each control group, or none; default 50000",
	  .man = RATE_MAN "The default is 50,000: what unpacking an archive of small files makes on one processor." },
	{ .name = "trace",
	  .letter = 'e',
	  .arg = OPT_ARG,
	  .metavar = "EXPR",
	  .group = OPT_GROUP_RECORD,
	  .complete = OPT_COMPLETE_CLASSES,
	  .set = set_trace,
	  .help = "with --profile syscalls or both: only these calls (%file,%network,!close)",
	  .man = "With *--profile syscalls* or *both*: record only the calls that _EXPR_ selects, as in *sandtrace-run*(1)." },
	{ .name = "backend",
	  .arg = OPT_ARG,
	  .metavar = "NAME",
	  .group = OPT_GROUP_RECORD,
	  .choices = attach_backends,
	  .set = set_backend,
	  .help = "ebpf, ptrace (only --pid, no policy), or auto (default): ebpf, or else ptrace",
	  .man = "*ebpf* needs root. *ptrace* stops the process at each call; it takes neither *--cgroup* nor *--policy*. *auto*, "
		 "the default, is *ebpf*, or *ptrace* where BPF is not permitted and ptrace can do what is asked." },

	{ .name = "policy",
	  .arg = OPT_ARG,
	  .metavar = "FILE|NAME",
	  .group = OPT_GROUP_LIVE,
	  .complete = OPT_COMPLETE_FILE,
	  .set = set_policy,
	  .help = "enforce this policy on it, in the kernel, until attach ends; may be repeated",
	  .man = "Enforce a policy on it, in the kernel, for as long as *attach* runs: a file (TOML, YAML or JSON), or a built-in one "
		 "by its name; several are merged in the order given. See *POLICIES*. Without this option nothing is refused." },
	{ .name = "mode",
	  .arg = OPT_ARG,
	  .metavar = "MODE",
	  .group = OPT_GROUP_LIVE,
	  .choices = mode_choices,
	  .set = set_mode,
	  .help = "enforce (default), or audit: let everything through, record what would be denied",
	  .man = "*enforce*, the default, refuses with EPERM what the policy denies. *audit* lets it through and records it as *would "
		 "deny*. While it runs, the signals USR1 and USR2 switch to *audit* and to *enforce*." },
	{ .name = "on-violation",
	  .arg = OPT_ARG,
	  .metavar = "WHAT",
	  .group = OPT_GROUP_LIVE,
	  .choices = violation_choices,
	  .set = set_violation,
	  .help = "refuse (default), or kill: where nothing can refuse, kill who has broken a rule; that prevents nothing",
	  .man = "*refuse*, the default: what the policy denies fails with EPERM, and a rule that nothing here can enforce so ends "
		 "*attach*. *kill*: where BPF cannot be an LSM, rules about paths and calls are judged when the action has happened, "
		 "and the process gets SIGKILL before it runs again. This does not prevent the action: a file that was opened for "
		 "writing may be empty, a mount stays. The record says *killed_after*. See *POLICIES* for what it does not see. Where "
		 "there is a layer that refuses, this option changes nothing." },
	{ .name = "fixed-names",
	  .group = OPT_GROUP_LIVE,
	  MEMBER(fixed_names),
	  .set = set_true,
	  .help = "names in network rules keep the addresses that they have at the start",
	  .man = "Without this option the addresses that a resolver of this host gives for a name of *network.allow* are allowed too, from "
		 "before the answer arrives. See *POLICIES* for whose answers are believed." },
	{ .name = "allow-degraded",
	  .arg = OPT_ARG,
	  .metavar = "lsm",
	  .group = OPT_GROUP_LIVE,
	  .set = set_without_lsm,
	  .help = "lsm: go on without the rules that cannot be enforced on what runs already",
	  .man = "With *lsm*: go on although some rules cannot be enforced here on what runs already. They are listed in the header's "
		 "*degraded* and on standard error. Without this option such a rule ends *attach* with status 125, before anything "
		 "is in force." },

	{ .name = "output",
	  .letter = 'o',
	  .arg = OPT_ARG,
	  .metavar = "FILE",
	  .group = OPT_GROUP_OUTPUT,
	  .complete = OPT_COMPLETE_FILE,
	  MEMBER(output),
	  .set = set_output,
	  .help = "write the trace to FILE, as JSONL; - is standard output",
	  .man = "Write the trace to _FILE_, one JSON object per line unless *--format* says otherwise; *-* stands for standard "
		 "output. A file is created with mode 0600, and a symbolic link is not followed. Without this option the trace is "
		 "written to standard error, as text." },
	{ .name = "format",
	  .arg = OPT_ARG,
	  .metavar = "FORMAT",
	  .group = OPT_GROUP_OUTPUT,
	  .choices = formats,
	  MEMBER(format),
	  .set = set_format,
	  .help = "auto, text or jsonl; auto is JSONL with -o and text without" },
	{ .name = "verbose",
	  .letter = 'v',
	  .group = OPT_GROUP_OUTPUT,
	  .set = set_verbose,
	  .help = "show more as text; -vv all of it, -vvv with raw arguments; name missing hooks" },
	QUIET_ROW,
	{ .name = "no-color",
	  .group = OPT_GROUP_OUTPUT,
	  MEMBER(no_color),
	  .set = set_true,
	  .help = "write text without colours, as with NO_COLOR=1" },

	{ .name = "timeout",
	  .arg = OPT_ARG,
	  .metavar = "TIME",
	  .group = OPT_GROUP_RUN,
	  MEMBER(timeout_ns),
	  .set = set_timeout,
	  .help = "let go after TIME: 90, 500ms, 5m, 1h; default: never",
	  .man = "Let go after _TIME_, from 1 ms to 7 days; status 0, as nothing was killed. By default there is no limit." },
	{ .name = "on-overload",
	  .arg = OPT_ARG,
	  .metavar = "MODE",
	  .group = OPT_GROUP_RUN,
	  .choices = attach_overload_modes,
	  .set = set_attach_overload,
	  .help = "drop, and nothing else: what is attached to is never held up; losses are counted",
	  .man = "*drop* is the only one here: what is attached to is never held up. Records that come faster than they can be read "
		 "are lost, and counted exactly. No verdict of a policy is lost. (The backend *ptrace* does hold it up.)" },
	{ .name = "ring-size",
	  .arg = OPT_ARG,
	  .metavar = "SIZE",
	  .group = OPT_GROUP_RUN,
	  MEMBER(ring_bytes),
	  .set = set_ring_size,
	  .help = "memory for records that wait to be read: a power of two, 64K to 1G" },

	HELP_ROW,
	{ 0 },
};

/* doctor.c reads its options itself; these rows make `help doctor` and the completion. */
const struct option_desc doctor_option_table[] = {
	{ .name = "json",
	  .group = OPT_GROUP_OUTPUT,
	  .help = "print the findings as one JSON object" },
	{ .name = "no-color", .group = OPT_GROUP_OUTPUT, .help = "write text without colours" },
	HELP_ROW,
	{ 0 },
};
