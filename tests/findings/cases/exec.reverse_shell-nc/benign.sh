printf "#!/bin/sh\n" >nc; chmod +x nc; ./nc -z 203.0.113.7 1
