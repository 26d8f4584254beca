echo "exit 0" >served; curl -s "file://$PWD/served" >got; cat got
