env PRELOAD=./x.so true
