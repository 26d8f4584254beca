cat ~/notes/gpg
