import os; open(os.path.expanduser("~/notes/wallet.txt"), "rb").read()
