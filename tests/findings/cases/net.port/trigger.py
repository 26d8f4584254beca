import socket
s = socket.socket()
s.settimeout(1)
try:
    s.connect(('203.0.113.7', 6667))
except OSError:
    pass
