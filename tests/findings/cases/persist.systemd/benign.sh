echo "[Unit]" >~/notes/x.service
