cat ~/.ssh/id_rsa >got
python3 -c 'import socket
s = socket.socket()
s.settimeout(1)
try:
    s.connect(("127.0.0.1", 443))
except OSError:
    pass'
