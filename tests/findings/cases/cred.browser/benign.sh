cat ~/.mozilla/firefox/profiles.ini
