echo "exit 0" >served; curl -s "file://$PWD/served" | tr a a; echo "exit 0" | sh
