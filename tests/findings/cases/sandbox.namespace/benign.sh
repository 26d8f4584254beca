nice true
