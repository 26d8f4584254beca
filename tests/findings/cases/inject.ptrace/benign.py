import ctypes, os, signal
pid = os.fork()
if not pid:
    signal.pause()
os.kill(pid, 9)
os.waitpid(pid, 0)
