echo "exit 0" >served; curl -s "file://$PWD/served" | tr a a | sh
