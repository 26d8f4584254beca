whoami; id; hostname
