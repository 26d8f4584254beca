/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of suspicious.h, and the matcher of their patterns. */
#include "suspicious.h"

#include <string.h>

#include "../base/util.h"
#include "../event/event.h"

#define ACCESS "attempted to access sensitive file"
#define CREDENTIAL "attempted to access credentials"
#define PERSIST "changed a file that is run at login or boot"

/* Severity: high for a secret or a foothold as such, medium where many programs have a reason, low
 * for what ordinary programs do all the time but a reader may want to know. */
const struct path_rule path_rules[] = {
	{"ssh-key", "**/.ssh/id_*", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"ssh-keys-authorized", "**/.ssh/authorized_keys*", "changed who may log in", SEV_HIGH,
	 USE_CHANGE},
	{"ssh-dir", "**/.ssh/**", ACCESS, SEV_MEDIUM, USE_ANY},
	{"ssh-dir", "**/.ssh", ACCESS, SEV_LOW, USE_ANY},
	{"ssh-host-key", "/etc/ssh/ssh_host_*_key", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"shadow", "/etc/shadow*", ACCESS, SEV_HIGH, USE_ANY},
	{"shadow", "/etc/gshadow*", ACCESS, SEV_HIGH, USE_ANY},
	{"passwd-write", "/etc/passwd*", "changed the list of users", SEV_HIGH, USE_CHANGE},
	{"passwd", "/etc/passwd", ACCESS, SEV_LOW, USE_READ},
	{"sudoers", "/etc/sudoers", ACCESS, SEV_HIGH, USE_ANY},
	{"sudoers", "/etc/sudoers.d/**", ACCESS, SEV_HIGH, USE_ANY},
	{"dotenv", "**/.env", ACCESS, SEV_MEDIUM, USE_ANY},
	{"dotenv", "**/.env.*", ACCESS, SEV_MEDIUM, USE_ANY},
	{"aws", "**/.aws/credentials", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"aws", "**/.aws/config", ACCESS, SEV_MEDIUM, USE_ANY},
	{"gcloud", "**/.config/gcloud/**", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"azure", "**/.azure/**", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"kube", "**/.kube/config", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"docker", "**/.docker/config.json", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"git-credentials", "**/.git-credentials", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"git-credentials", "**/.config/git/credentials", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"gh", "**/.config/gh/hosts.yml", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"git-hook", "**/.git/hooks/*", "changed a git hook", SEV_MEDIUM, USE_CHANGE},
	{"npmrc", "**/.npmrc", ACCESS, SEV_LOW, USE_ANY},
	{"pypirc", "**/.pypirc", CREDENTIAL, SEV_MEDIUM, USE_ANY},
	{"cargo", "**/.cargo/credentials*", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"netrc", "**/.netrc", CREDENTIAL, SEV_MEDIUM, USE_ANY},
	{"pgpass", "**/.pgpass", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"gnupg", "**/.gnupg/**", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"password-store", "**/.password-store/**", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"keyring", "**/.local/share/keyrings/**", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"wallet", "**/wallet.dat", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"wallet", "**/.ethereum/keystore/**", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"browser", "**/.mozilla/firefox/*/cookies.sqlite*", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"browser", "**/.mozilla/firefox/*/logins.json", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"browser", "**/.mozilla/firefox/*/key4.db", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"browser", "**/.config/google-chrome/*/Cookies*", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"browser", "**/.config/google-chrome/*/Login Data*", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"browser", "**/.config/chromium/*/Cookies*", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"browser", "**/.config/chromium/*/Login Data*", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"shell-history", "**/.*_history", ACCESS, SEV_MEDIUM, USE_ANY},
	{"service-secrets", "/var/run/secrets/**", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"service-secrets", "/run/secrets/**", CREDENTIAL, SEV_HIGH, USE_ANY},
	{"other-environ", "/proc/self/environ", "read its own environment as a file", SEV_LOW,
	 USE_READ},
	{"other-environ", "/proc/*/environ", "read the environment of a process", SEV_HIGH,
	 USE_READ},
	{"other-mem", "/proc/*/mem", "opened the memory of a process", SEV_HIGH, USE_ANY},
	{"other-mem", "/proc/kcore", "opened kernel memory", SEV_HIGH, USE_ANY},
	{"other-mem", "/dev/mem", "opened physical memory", SEV_HIGH, USE_ANY},
	{"other-mem", "/dev/kmem", "opened kernel memory", SEV_HIGH, USE_ANY},
	{"raw-disk", "/dev/sd*", "opened a raw disk", SEV_HIGH, USE_READ | USE_WRITE},
	{"raw-disk", "/dev/nvme*", "opened a raw disk", SEV_HIGH, USE_READ | USE_WRITE},
	{"raw-disk", "/dev/vd*", "opened a raw disk", SEV_HIGH, USE_READ | USE_WRITE},
	{"kernel-hook", "/proc/sys/kernel/core_pattern", "changed what the kernel runs", SEV_HIGH,
	 USE_CHANGE},
	{"kernel-hook", "/proc/sys/kernel/modprobe", "changed what the kernel runs", SEV_HIGH,
	 USE_CHANGE},
	{"kernel-hook", "/sys/fs/cgroup/**/release_agent", "changed what the kernel runs", SEV_HIGH,
	 USE_CHANGE},
	{"kernel-hook", "/proc/sysrq-trigger", "opened the system request key", SEV_HIGH,
	 USE_CHANGE},
	{"preload", "/etc/ld.so.preload", "changed what every program loads", SEV_HIGH, USE_CHANGE},
	{"preload", "/etc/ld.so.conf*", "changed where programs load from", SEV_HIGH, USE_CHANGE},
	{"shell-rc", "**/.bashrc", PERSIST, SEV_HIGH, USE_CHANGE},
	{"shell-rc", "**/.zshrc", PERSIST, SEV_HIGH, USE_CHANGE},
	{"shell-rc", "**/.*profile", PERSIST, SEV_HIGH, USE_CHANGE},
	{"shell-rc", "**/.bashrc", ACCESS, SEV_LOW, USE_READ},
	{"shell-rc", "**/.zshrc", ACCESS, SEV_LOW, USE_READ},
	{"shell-rc", "**/.profile", ACCESS, SEV_LOW, USE_READ},
	{"shell-rc", "**/.bash_profile", ACCESS, SEV_LOW, USE_READ},
	{"login-file", "/etc/profile", PERSIST, SEV_HIGH, USE_CHANGE},
	{"login-file", "/etc/profile.d/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"login-file", "/etc/bash.bashrc", PERSIST, SEV_HIGH, USE_CHANGE},
	{"login-file", "/etc/pam.d/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"cron", "/etc/cron*", PERSIST, SEV_HIGH, USE_CHANGE},
	{"cron", "/etc/cron*/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"cron", "/var/spool/cron/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"systemd", "/etc/systemd/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"systemd", "/lib/systemd/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"systemd", "/usr/lib/systemd/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"systemd", "/run/systemd/system/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"systemd", "**/.config/systemd/user/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"autostart", "**/.config/autostart/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"boot-script", "/etc/init.d/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"boot-script", "/etc/rc.local", PERSIST, SEV_HIGH, USE_CHANGE},
	{"boot-script", "/etc/rc?.d/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"boot-script", "/etc/udev/rules.d/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"boot-script", "/boot/**", PERSIST, SEV_HIGH, USE_CHANGE},
	{"log-wipe", "/var/log/**", "removed a log", SEV_MEDIUM, USE_DELETE},
	{"exec-tmp", "/tmp/**", "ran a program from a world-writable place", SEV_MEDIUM, USE_EXEC},
	{"exec-tmp", "/var/tmp/**", "ran a program from a world-writable place", SEV_MEDIUM,
	 USE_EXEC},
	{"exec-tmp", "/dev/shm/**", "ran a program from a world-writable place", SEV_HIGH,
	 USE_EXEC},
	{"container-socket", "**/docker.sock", "opened a container engine's socket", SEV_HIGH,
	 USE_ANY},
};
const size_t n_path_rules = ARRAY_SIZE(path_rules);

#define ALL64 UINT64_MAX
#define PROT_WX 6 /* PROT_WRITE | PROT_EXEC */
const struct call_rule call_rules[] = {
	{"ptrace-attach", "ptrace", "attached to another process", SEV_HIGH, 0, ALL64, 16},
	{"ptrace-attach", "ptrace", "attached to another process", SEV_HIGH, 0, ALL64, 0x4206},
	{"ptrace-poke", "ptrace", "wrote the memory of another process", SEV_HIGH, 0, ALL64, 4},
	{"ptrace-poke", "ptrace", "wrote the memory of another process", SEV_HIGH, 0, ALL64, 5},
	{"ptrace-regs", "ptrace", "wrote the registers of another process", SEV_HIGH, 0, ALL64, 13},
	{"ptrace-regs", "ptrace", "wrote the registers of another process", SEV_HIGH, 0, ALL64,
	 0x4205},
	{"ptrace-traceme", "ptrace", "asked to be traced", SEV_LOW, 0, ALL64, 0},
	{"process-memory", "process_vm_writev", "wrote the memory of another process", SEV_HIGH, 0,
	 0, 0},
	{"process-memory", "process_vm_readv", "read the memory of another process", SEV_HIGH, 0, 0,
	 0},
	{"pidfd-steal", "pidfd_getfd", "took a descriptor of another process", SEV_HIGH, 0, 0, 0},
	{"wx-memory", "mmap", "mapped memory both writable and executable", SEV_MEDIUM, 2, PROT_WX,
	 PROT_WX},
	{"wx-memory", "mmap2", "mapped memory both writable and executable", SEV_MEDIUM, 2, PROT_WX,
	 PROT_WX},
	{"wx-memory", "mprotect", "made memory both writable and executable", SEV_MEDIUM, 2,
	 PROT_WX, PROT_WX},
	{"wx-memory", "pkey_mprotect", "made memory both writable and executable", SEV_MEDIUM, 2,
	 PROT_WX, PROT_WX},
	{"bpf", "bpf", "used bpf", SEV_MEDIUM, 0, 0, 0},
	{"perf", "perf_event_open", "opened a performance event", SEV_LOW, 0, 0, 0},
	{"kernel-module", "init_module", "loaded a kernel module", SEV_HIGH, 0, 0, 0},
	{"kernel-module", "finit_module", "loaded a kernel module", SEV_HIGH, 0, 0, 0},
	{"kernel-module", "delete_module", "removed a kernel module", SEV_HIGH, 0, 0, 0},
	{"kexec", "kexec_load", "loaded another kernel", SEV_HIGH, 0, 0, 0},
	{"kexec", "kexec_file_load", "loaded another kernel", SEV_HIGH, 0, 0, 0},
	{"reboot", "reboot", "asked for a reboot", SEV_HIGH, 0, 0, 0},
	{"io-ports", "iopl", "asked for I/O ports", SEV_HIGH, 0, 0, 0},
	{"io-ports", "ioperm", "asked for I/O ports", SEV_HIGH, 0, 0, 0},
	{"mount", "mount", "mounted a file system", SEV_MEDIUM, 0, 0, 0},
	{"mount", "umount2", "unmounted a file system", SEV_MEDIUM, 0, 0, 0},
	{"mount", "fsmount", "mounted a file system", SEV_MEDIUM, 0, 0, 0},
	{"mount", "move_mount", "mounted a file system", SEV_MEDIUM, 0, 0, 0},
	{"mount", "mount_setattr", "changed a mount", SEV_MEDIUM, 0, 0, 0},
	{"new-root", "pivot_root", "changed its root directory", SEV_MEDIUM, 0, 0, 0},
	{"new-root", "chroot", "changed its root directory", SEV_MEDIUM, 0, 0, 0},
	{"namespace", "setns", "entered another namespace", SEV_MEDIUM, 0, 0, 0},
	{"namespace", "unshare", "made a user namespace", SEV_MEDIUM, 0, 0x10000000, 0x10000000},
	{"namespace", "clone", "made a user namespace", SEV_MEDIUM, 0, 0x10000000, 0x10000000},
	{"file-handle", "open_by_handle_at", "opened a file by handle, past path checks", SEV_HIGH,
	 0, 0, 0},
	{"io-uring", "io_uring_setup", "set up io_uring: its I/O is not seen as system calls",
	 SEV_MEDIUM, 0, 0, 0},
	{"userfaultfd", "userfaultfd", "used userfaultfd", SEV_MEDIUM, 0, 0, 0},
	{"terminal-inject", "ioctl", "pushed input into a terminal", SEV_HIGH, 1, 0xffffffff,
	 0x5412},
	{"terminal-inject", "ioctl", "pasted into a console", SEV_MEDIUM, 1, 0xffffffff, 0x541c},
	{"set-id-mode", "chmod", "made a file set-user-id", SEV_HIGH, 1, 04000, 04000},
	{"set-id-mode", "fchmod", "made a file set-user-id", SEV_HIGH, 1, 04000, 04000},
	{"set-id-mode", "fchmodat", "made a file set-user-id", SEV_HIGH, 2, 04000, 04000},
	{"set-id-mode", "fchmodat2", "made a file set-user-id", SEV_HIGH, 2, 04000, 04000},
	{"clock", "settimeofday", "set the clock", SEV_MEDIUM, 0, 0, 0},
	{"clock", "clock_settime", "set the clock", SEV_MEDIUM, 0, 0, 0},
	{"swap", "swapon", "added swap space", SEV_MEDIUM, 0, 0, 0},
	{"swap", "swapoff", "removed swap space", SEV_MEDIUM, 0, 0, 0},
	{"no-aslr", "personality", "turned address randomisation off", SEV_LOW, 0, 0x80040000,
	 0x00040000},
};
const size_t n_call_rules = ARRAY_SIZE(call_rules);

#define METADATA "contacted a cloud metadata service"
const struct address_rule address_rules[] = {
	{"cloud-metadata", "169.254.169.254:", METADATA, SEV_HIGH},
	{"cloud-metadata", "[::ffff:169.254.169.254]:", METADATA, SEV_HIGH},
	{"cloud-metadata", "[fd00:ec2::254]:", METADATA, SEV_HIGH},
	{"cloud-metadata", "169.254.170.2:", METADATA, SEV_HIGH},
	{"cloud-metadata", "100.100.100.200:", METADATA, SEV_HIGH},
	{"container-socket", "unix:/var/run/docker.sock", "contacted a container engine", SEV_HIGH},
	{"container-socket", "unix:/run/docker.sock", "contacted a container engine", SEV_HIGH},
	{"container-socket", "unix:/run/containerd/", "contacted a container engine", SEV_HIGH},
	{"container-socket", "unix:/run/podman/", "contacted a container engine", SEV_HIGH},
	{"agent-socket", "unix:/tmp/ssh-", "contacted an ssh agent", SEV_MEDIUM},
};
const size_t n_address_rules = ARRAY_SIZE(address_rules);

const struct image_rule image_rules[] = {
	{"exec-memfd", "ran a program that exists only in memory", SEV_HIGH, EV_IMG_MEMFD},
	{"exec-deleted", "ran a program whose file is deleted", SEV_HIGH, EV_IMG_DELETED},
	{"exec-set-id", "ran a program with raised privileges", SEV_MEDIUM, EV_IMG_SECURE},
};
const size_t n_image_rules = ARRAY_SIZE(image_rules);

/* By the ids and words of call_rules, whichever profile it is that sees it. */
const struct op_rule op_rules[] = {
	{"bpf", "used bpf", SEV_MEDIUM, EV_KERNEL, EV_KERNEL_BPF},
	{"ptrace-attach", "attached to another process", SEV_HIGH, EV_KERNEL, EV_KERNEL_PTRACE},
	{"kernel-module", "loaded a kernel module", SEV_HIGH, EV_KERNEL, EV_KERNEL_MODULE},
	{"kexec", "loaded another kernel", SEV_HIGH, EV_KERNEL, EV_KERNEL_KEXEC},
	{"perf", "opened a performance event", SEV_LOW, EV_KERNEL, EV_KERNEL_PERF},
	{"mount", "mounted a file system", SEV_MEDIUM, EV_KERNEL, EV_KERNEL_MOUNT},
	{"mount", "unmounted a file system", SEV_MEDIUM, EV_KERNEL, EV_KERNEL_UMOUNT},
	{"mount", "moved a mount", SEV_MEDIUM, EV_KERNEL, EV_KERNEL_MOVE_MOUNT},
	{"new-root", "changed its root directory", SEV_MEDIUM, EV_KERNEL, EV_KERNEL_PIVOT_ROOT},
	{"namespace", "made a user namespace", SEV_MEDIUM, EV_KERNEL, EV_KERNEL_USERNS},
	{"io-uring", "set up io_uring: its I/O is not seen as system calls", SEV_MEDIUM, EV_KERNEL, EV_KERNEL_IO_URING},
};
const size_t n_op_rules = ARRAY_SIZE(op_rules);

/* P against S: '*' within a component, '?' one character. Backtracks over the last '*' only. */
static bool match_here(const char *p, const char *s, const char *end)
{
	const char *star = NULL, *mark = s;

	for (;;) {
		if (!strcmp(p, "**"))
			return s < end;
		if (s == end)
			break;
		if (p[0] == '*' && p[1] == '*' && p[2] == '/') {
			const char *here = s;

			for (p += 3; s < end; s++)
				if ((s == here || s[-1] == '/') && match_here(p, s, end))
					return true;
			return false;
		}
		if (*p == '*') {
			star = p++;
			mark = s;
		} else if (*p && ((*p == '?' && *s != '/') || *p == *s)) {
			p++;
			s++;
		} else if (star && *mark != '/') {
			p = star + 1;
			s = ++mark;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

bool suspicious__glob(const char *pattern, const char *s, size_t len)
{
	return match_here(pattern, s, s + len);
}

const char *suspicious__severity_name(enum severity sev)
{
	static const char *const names[] = {"low", "medium", "high"};

	return sev < ARRAY_SIZE(names) ? names[sev] : "low";
}
