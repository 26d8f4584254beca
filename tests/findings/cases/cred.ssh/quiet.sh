ssh-keygen -l -f ~/.ssh/id_rsa
