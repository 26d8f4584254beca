echo "registry=http://203.0.113.7/" >>~/.npmrc
