import os, socket, subprocess
srv = socket.create_server(("203.0.113.7", 0))
s = socket.create_connection(srv.getsockname())
c, _ = srv.accept()
subprocess.call(["/bin/cat", "/dev/null"], stdin=s, stdout=s)
subprocess.call(["/bin/sh", "-c", "exit"])
