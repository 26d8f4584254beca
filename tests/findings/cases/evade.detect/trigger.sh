cat /sys/class/dmi/id/product_name || true
