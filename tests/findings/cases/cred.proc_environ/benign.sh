cat /proc/$PPID/cmdline >/dev/null
