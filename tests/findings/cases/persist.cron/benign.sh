echo "* * * * * root true" >~/notes/cron
