echo "registry" >>~/notes/npmrc
