cp /bin/true bun; ./bun
