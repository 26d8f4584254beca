echo "alias" >>~/notes/bashrc
