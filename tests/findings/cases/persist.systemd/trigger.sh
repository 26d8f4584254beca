mkdir -p ~/.config/systemd/user; echo "[Unit]" >~/.config/systemd/user/x.service
