env LD_PRELOAD= true; env LD_PRELOAD=./none.so true
