echo 'rm -- "$0"' >x.sh; sh x.sh
