cp /bin/true x; chmod u+s x
