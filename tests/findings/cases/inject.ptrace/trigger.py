import ctypes, os, signal
pid = os.fork()
if not pid:
    signal.pause()
ctypes.CDLL(None).ptrace(16, pid, 0, 0)
os.kill(pid, 9)
os.waitpid(pid, 0)
