mkdir -p ~/.config/autostart; echo >~/.config/autostart/x.desktop
