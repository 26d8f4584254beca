echo "import sys" >x.py; python3 x.py $(printf %0250d 7 | tr 0 Q)
