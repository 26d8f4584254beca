while read -r l; do :; done <~/.netrc
