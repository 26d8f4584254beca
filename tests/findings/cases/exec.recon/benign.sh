id; id -u; uname -m; uname -r
