printf 'int main(void) { return 0; }\n' >conftest.c
uname -m; uname -r; uname -s; hostname
gcc -o conftest conftest.c && ./conftest
printf 'all: prog\nprog: conftest.c\n\tgcc -c -o prog.o conftest.c\n\tgcc -o prog prog.o\ntest: prog\n\t./prog\n' >Makefile
make -s all test
