echo "int main(void) { return 0; }" >x.c; gcc -o x x.c; ./x
