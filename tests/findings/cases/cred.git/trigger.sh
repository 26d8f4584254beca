cat ~/.git-credentials
