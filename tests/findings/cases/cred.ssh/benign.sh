cat ~/notes/id_rsa.txt; ls -a ~
