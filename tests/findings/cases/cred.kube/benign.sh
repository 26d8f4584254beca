cp ~/notes/config.json .
