open("%s/.aws/credentials" % __import__("os").environ["HOME"]).read()
