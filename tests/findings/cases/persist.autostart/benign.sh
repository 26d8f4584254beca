echo >~/notes/x.desktop
