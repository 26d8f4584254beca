import http.server, json, sqlite3, subprocess, tempfile, threading, urllib.request
srv = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=srv.handle_request, daemon=True).start()
urllib.request.urlopen("http://127.0.0.1:%d/" % srv.server_port).read()
with tempfile.TemporaryDirectory() as d:
    sqlite3.connect(d + "/x.db").execute("create table t (a)")
subprocess.run(["sh", "-c", "echo done"], check=True)
