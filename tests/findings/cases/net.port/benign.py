import socket
s = socket.socket()
s.settimeout(1)
try:
    s.connect(('127.0.0.1', 6667))
except OSError:
    pass
