rm -r ~/many
