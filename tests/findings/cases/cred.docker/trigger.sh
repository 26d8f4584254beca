cat ~/.docker/config.json
