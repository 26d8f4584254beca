/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run changed below its writable paths, read from the upper directories of its overlays. The tree was written by
 * untrusted code: the reader follows no link, opens nothing but regular files, and has limits of its own for entries,
 * depth, bytes and time; what it left out it says.
 *
 * The overlay must have been mounted with "userxattr": its marks are then user.overlay.*, which the kernel keeps from
 * those inside (what they set under that name is stored under another), and directories are never redirected.
 */
#ifndef SANDTRACE_CHANGES_H
#define SANDTRACE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum change_kind { CHANGE_CREATED, CHANGE_MODIFIED, CHANGE_METADATA, CHANGE_DELETED, CHANGE_REPLACED };

struct change {
	enum change_kind kind;
	char *path;		/* absolute, as inside and outside; raw bytes */
	mode_t mode;		/* type and permissions as left by the run; 0 for CHANGE_DELETED */
	uint64_t size;		/* apparent */
	uint64_t blocks;	/* allocated bytes: a sparse file has fewer than its size */
	bool hashed;
	uint8_t sha256[32];	/* of a regular file that was within the limits */
	char *link;		/* target of a symbolic link, raw */
	/* What stood there before: 0 for CHANGE_CREATED. By it a commit knows whether others were at work meanwhile. */
	mode_t was_mode;
	uint64_t was_size, was_ctime_ns;
	uint32_t prefix_len;	/* of PATH, the part that is the overlay's prefix */
};

struct changes {
	struct change *v;	/* in path order */
	size_t n;
	bool truncated;		/* a limit was reached; WHY says which */
	char why[128];
	uint64_t created, modified, deleted; /* modified: MODIFIED, METADATA and REPLACED */
	uint64_t bytes;		/* really written: of a sparse file what is allocated */
};

struct changes_limits {
	uint64_t entries, depth, hash_file, hash_total; /* bytes for the last two */
	uint64_t time_ns;
};
extern const struct changes_limits changes_default_limits;

/*
 * UPPER_FD: the overlay's upper directory; LOWER_FD: what lies below it, untouched; PREFIX: the path of both inside.
 * Appends to C, in path order ('/' before any other byte). Each entry below a deleted or replaced directory is a change
 * of its own. What was opened for writing and not changed is none. 0 or -errno; reaching a limit is no error.
 */
int changes__read(struct changes *c, int upper_fd, int lower_fd, const char *prefix, const struct changes_limits *limits);
/*
 * --commit: applies the changes of this overlay to LOWER_FD, files first written beside and renamed, never through a
 * link, owner and mode as left but without set-id bits. Devices, FIFOs and sockets are refused and said. Nothing is
 * touched when C is truncated (-EFBIG) or others changed what is to be changed (-ESTALE). What is written is checked
 * against the hashes in C. A later failure says how far it got. Call it once: UPPER_FD's tree may be left with other
 * modes. Extended attributes and hard links among the changed files are not carried over. 0 or -errno, said on stderr.
 */
int changes__commit(const struct changes *c, int upper_fd, int lower_fd, const char *prefix, uint64_t *ret_refused);
void changes__done(struct changes *c);
const char *changes__kind_name(enum change_kind k);

#endif
