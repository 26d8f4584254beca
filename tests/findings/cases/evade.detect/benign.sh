cat /proc/cpuinfo >/dev/null
