cp /bin/true band; ./band
