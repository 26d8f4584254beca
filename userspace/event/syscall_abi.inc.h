/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls whose arguments differ from syscall_table.inc.h in one ABI. Data only, included once by
 * syscalls.c; NATIVE rows are for 64-bit callers, the others for 32-bit ones.
 *
 * 32-bit callers pass a 64-bit number in two registers, on arm in an even and odd pair, hence the
 * padding. Old i386 calls with more than five arguments take them in a structure. The last two
 * arguments of clone are swapped everywhere but on x86_64.
 */
#if defined(__x86_64__)
	S(clone, PROCESS, A(CLONE_FLAGS, flags), A(PTR, stack), A(PTR, parent_tid), A(HEX, tls),
	  A(PTR, child_tid))
	S(fadvise64, FILE_READ, A(FD, fd), A(HEX, offset_low), A(HEX, offset_high), A(SIZE, len),
	  A(FADVICE, advice))
	S(fadvise64_64, FILE_READ, A(FD, fd), A(HEX, offset_low), A(HEX, offset_high),
	  A(HEX, len_low), A(HEX, len_high), A(FADVICE, advice))
	S(fallocate, FILE_WRITE, A(FD, fd), A(FALLOC_MODE, mode), A(HEX, offset_low),
	  A(HEX, offset_high), A(HEX, len_low), A(HEX, len_high))
	S(fanotify_mark, IPC, A(FD, fanotify_fd), A(HEX, flags), A(HEX, mask_low),
	  A(HEX, mask_high), A(DIRFD, dirfd), A(PATH, path))
	S(ftruncate64, FILE_WRITE, A(FD, fd), A(HEX, length_low), A(HEX, length_high))
	S(lookup_dcookie, FILE_READ, A(HEX, cookie_low), A(HEX, cookie_high), A(PTR, buffer),
	  A(SIZE, len))
	S(mmap, MEMORY, A(PTR, args))
	S(pread64, FILE_READ, A(FD, fd), A(PTR, buf), A(SIZE, count), A(HEX, offset_low),
	  A(HEX, offset_high))
	S(pwrite64, FILE_WRITE, A(FD, fd), A(PTR, buf), A(SIZE, count), A(HEX, offset_low),
	  A(HEX, offset_high))
	S(readahead, FILE_READ, A(FD, fd), A(HEX, offset_low), A(HEX, offset_high), A(SIZE, count))
	S(select, IPC, A(PTR, args))
	S(sync_file_range, FILE_WRITE, A(FD, fd), A(HEX, offset_low), A(HEX, offset_high),
	  A(HEX, nbytes_low), A(HEX, nbytes_high), A(HEX, flags))
	S(truncate64, FILE_WRITE, A(PATH, path), A(HEX, length_low), A(HEX, length_high))
#elif defined(__aarch64__)
	S(clone, PROCESS, A(CLONE_FLAGS, flags), A(PTR, stack), A(PTR, parent_tid), A(HEX, tls),
	  A(PTR, child_tid))
	S(fallocate, FILE_WRITE, A(FD, fd), A(FALLOC_MODE, mode), A(HEX, offset_low),
	  A(HEX, offset_high), A(HEX, len_low), A(HEX, len_high))
	S(fanotify_mark, IPC, A(FD, fanotify_fd), A(HEX, flags), A(HEX, mask_low),
	  A(HEX, mask_high), A(DIRFD, dirfd), A(PATH, path))
	S(ftruncate64, FILE_WRITE, A(FD, fd), A(HEX, pad), A(HEX, length_low), A(HEX, length_high))
	S(lookup_dcookie, FILE_READ, A(HEX, cookie_low), A(HEX, cookie_high), A(PTR, buffer),
	  A(SIZE, len))
	S(pread64, FILE_READ, A(FD, fd), A(PTR, buf), A(SIZE, count), A(HEX, pad),
	  A(HEX, offset_low), A(HEX, offset_high))
	S(pwrite64, FILE_WRITE, A(FD, fd), A(PTR, buf), A(SIZE, count), A(HEX, pad),
	  A(HEX, offset_low), A(HEX, offset_high))
	S(readahead, FILE_READ, A(FD, fd), A(HEX, pad), A(HEX, offset_low), A(HEX, offset_high),
	  A(SIZE, count))
	S(sigsuspend, SIGNAL, A(HEX, unused1), A(HEX, unused2), A(HEX, mask))
	S(truncate64, FILE_WRITE, A(PATH, path), A(HEX, pad), A(HEX, length_low),
	  A(HEX, length_high))
	NATIVE(clone, PROCESS, A(CLONE_FLAGS, flags), A(PTR, stack), A(PTR, parent_tid),
	       A(HEX, tls), A(PTR, child_tid))
#endif
