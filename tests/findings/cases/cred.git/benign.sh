git config --global user.name
