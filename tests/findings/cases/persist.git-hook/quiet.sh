git init -q . --template=/usr/share/git-core/templates
