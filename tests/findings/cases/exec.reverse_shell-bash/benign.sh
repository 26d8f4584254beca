python3 -c 'import socket,sys
srv = socket.create_server(("203.0.113.7", 4712)); print("up", flush=True)
c, _ = srv.accept(); c.sendall(b"hello")' >up &
until test -s up; do :; done
bash -c 'exec 3<>/dev/tcp/203.0.113.7/4712; cat <&3'
wait
