cat ~/notes/config.json
