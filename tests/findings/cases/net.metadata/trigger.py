import socket
s = socket.socket()
s.settimeout(1)
try:
    s.connect(('169.254.169.254', 80))
except OSError:
    pass
