python3 -c "x = '$(printf %0250d 7 | tr 0 Q)'"
