printf "#!/bin/sh\n" >worker; chmod +x worker; ./worker -o tcp://203.0.113.7:3333
