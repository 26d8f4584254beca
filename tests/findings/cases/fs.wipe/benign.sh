for i in $(seq 60); do echo >f$i; done; rm f*; rm -r ~/few
