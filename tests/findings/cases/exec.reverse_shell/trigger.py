import os, socket, subprocess
srv = socket.create_server(("203.0.113.7", 0))
s = socket.create_connection(srv.getsockname())
c, _ = srv.accept()
c.sendall(b"exit\n")
subprocess.call(["/bin/sh"], stdin=s, stdout=s, stderr=s)
