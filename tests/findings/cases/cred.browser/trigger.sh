cat ~/.mozilla/firefox/x.default/logins.json
