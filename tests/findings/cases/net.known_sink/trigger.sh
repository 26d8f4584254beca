curl -s -m 1 https://user:pw@abc.webhook.site:444/x || true
