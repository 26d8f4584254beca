env NAME=value true
