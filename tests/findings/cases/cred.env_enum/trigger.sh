env >/dev/null
