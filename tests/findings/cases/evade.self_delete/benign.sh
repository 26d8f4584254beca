echo >y; echo "rm y" >x.sh; sh x.sh
