cat ~/.gnupg/secring.gpg
