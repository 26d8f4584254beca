while read -r l; do :; done <~/notes/netrc
