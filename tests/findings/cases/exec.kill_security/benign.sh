printf "#!/bin/sh\n" >iptables; chmod +x iptables; ./iptables -L
