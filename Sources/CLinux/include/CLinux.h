#pragma once

// What the Glibc module leaves out, or attributes to other modules depending on what else is imported (struct stat, struct timespec).

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/timex.h>
#include <sys/xattr.h>

/// What stat(2) tells about a file.
struct clinux_file {
  uint64_t inode;
  int64_t size;
  /// S_IFMT and permissions.
  uint32_t mode;
  uint32_t uid;
  uint32_t gid;
  /// Of a device.
  uint32_t major;
  uint32_t minor;
};

/// stat(2). False when there is no such file.
bool clinux_stat(const char *path, struct clinux_file *file);
/// lstat(2). False when there is no such file.
bool clinux_lstat(const char *path, struct clinux_file *file);
/// fstat(2).
bool clinux_fstat(int descriptor, struct clinux_file *file);

/// When a file was made (statx(2)), in nanoseconds since 1970; 0 where the file system does not keep it, -1 when there is no such file.
int64_t clinux_birth(const char *path);

/// CLOCK_REALTIME in nanoseconds.
int64_t clinux_realtime(void);

/// posix_spawn_file_actions_addclosefrom_np(3).
int clinux_spawn_close_from(void *file_actions, int first);

/// Makes a network namespace whose loopback is up, and mounts it on a new, empty file `folder/name`, as ip-netns(8) does.
///
/// The calling thread stays in its own. Nothing is left behind on failure.
/// Returns 0, or the errno of the call that failed, whose name is then in `call`.
int clinux_make_network_namespace(const char *folder, const char *name, const char **call);

/// Unmounts a namespace and removes the file it was mounted on. 0, or errno.
int clinux_remove_network_namespace(const char *path);

/// A TCP socket that does not block and is closed on exec(2), in a network namespace (a file, as /run/netns/NAME; NULL for the caller's own),
/// in which the caller itself never is.
///
/// Returns 0, or the errno of the call that failed, whose name is then in `call`.
int clinux_socket_in_namespace(const char *path, int family, int *descriptor, const char **call);

/// Waits until a connect(2) that was in progress has ended; shutdown(2), too, ends it. 0, or errno.
int clinux_finish_connecting(int descriptor);

/// Has all of the program's zeroed data mapped at once (madvise(2), MADV_POPULATE_WRITE, from Linux 5.14 on; does nothing before).
///
/// A process otherwise takes two page faults for each page that it reads and then writes, and a command that lives for 15 ms spends a tenth of its
/// processor time on these. It costs 2 MB of memory, most of it for pages that would never be touched: not for a process that stays.
void clinux_map_zeroed_data(void);
