import socket
socket.create_server(("0.0.0.0", 0))
