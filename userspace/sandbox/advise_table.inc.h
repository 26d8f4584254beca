/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that advise.c knows, by what they do. */
/* Runs the command behind its options; of those in WITH_VALUE the next word is the value. SKIP: words before it. */
static const struct wrapper {
	const char *name, *with_value;
	unsigned int skip;
} wrappers[] = {
	{ "sudo", "ughpCcrtTUDR", 0 }, { "doas", "uC", 0 }, { "env", "uC", 0 }, { "exec", "a", 0 }, { "nohup", "", 0 },
	{ "nice", "n", 0 }, { "ionice", "cnp", 0 }, { "setsid", "", 0 }, { "stdbuf", "ioe", 0 }, { "timeout", "ks", 1 },
	{ "time", "fo", 0 }, { "command", "", 0 }, { "builtin", "", 0 }, { "xargs", "IaEdLnPs", 0 }, { "busybox", "", 0 },
	{ "watch", "n", 0 }, { "npx", "pc", 0 }, { "bunx", "", 0 }, { "pnpx", "", 0 }, { "flock", "wE", 1 }, { "chrt", "", 1 },
	{ "taskset", "", 1 }, { "strace", "eopsu", 0 }, { "unbuffer", "", 0 }, { "catchsegv", "", 0 },
	/* Words of the shell, behind which a command starts. */
	{ "!", "", 0 }, { "{", "", 0 }, { "if", "", 0 }, { "then", "", 0 }, { "elif", "", 0 }, { "else", "", 0 },
	{ "while", "", 0 }, { "until", "", 0 }, { "do", "", 0 },
};
static const char *const shells[] = { "sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "rbash" };
static const char *const downloaders[] = { "curl", "wget", "fetch", "aria2c", "lwp-request" };
static const char *const interpreters[] = { "python", "python2", "python3", "perl", "ruby", "php", "node", "lua", "awk", "gawk" };
static const char *const tunnels[] = { "ngrok", "cloudflared", "localtunnel", "lt", "frpc", "frps", "chisel", "bore", "rathole",
				       "gost", "zrok", "pagekite", "pagekite.py", "inlets", "devtunnel", "sshuttle", "telebit",
				       "tunnelto", "loophole", "ligolo", "iodine", "dnscat", "dnscat2", "ptunnel" };
static const char *const nested[] = { "docker", "docker-compose", "podman", "podman-compose", "nerdctl", "ctr", "crictl",
				      "buildah", "kubectl", "helm", "minikube", "kind", "k3s", "k3d", "k0s", "microk8s", "runc",
				      "crun", "runsc", "systemd-nspawn", "systemd-run", "machinectl", "firecracker", "nsenter",
				      "unshare", "chroot", "bwrap", "firejail", "nsjail", "lxc", "lxc-start", "incus", "vagrant",
				      "apptainer", "singularity", "nomad", "oc" };
static const char *const disk_tools[] = { "mke2fs", "wipefs", "blkdiscard", "fdisk", "sfdisk", "sgdisk", "parted", "mkswap",
					  "cryptsetup", "hdparm", "mount", "umount", "swapoff", "losetup" };
static const char *const power[] = { "shutdown", "reboot", "poweroff", "halt", "telinit" };
static const char *const system_dirs[] = { "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "opt", "proc", "root",
					   "run", "sbin", "srv", "sys", "usr", "var", "mnt", "media" };
