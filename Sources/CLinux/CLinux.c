#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static bool fill(int result, const struct stat *status, struct clinux_file *file) {
  if (result != 0) return false;
  file->inode = status->st_ino;
  file->size = status->st_size;
  file->mode = status->st_mode;
  file->uid = status->st_uid;
  file->gid = status->st_gid;
  file->major = major(status->st_rdev);
  file->minor = minor(status->st_rdev);
  return true;
}

bool clinux_stat(const char *path, struct clinux_file *file) {
  struct stat status;
  return fill(stat(path, &status), &status, file);
}

bool clinux_lstat(const char *path, struct clinux_file *file) {
  struct stat status;
  return fill(lstat(path, &status), &status, file);
}

bool clinux_fstat(int descriptor, struct clinux_file *file) {
  struct stat status;
  return fill(fstat(descriptor, &status), &status, file);
}

int64_t clinux_birth(const char *path) {
  struct statx status;
  if (statx(AT_FDCWD, path, 0, STATX_BTIME, &status) != 0) return -1;
  if (!(status.stx_mask & STATX_BTIME)) return 0;
  return (int64_t)status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec;
}

int64_t clinux_realtime(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int clinux_spawn_close_from(void *file_actions, int first) { return posix_spawn_file_actions_addclosefrom_np(file_actions, first); }

// Makes the mounts in a folder appear in, and go from, other mount namespaces too. Two at once would make it a mount point twice.
static int share_mounts(const char *folder) {
  if (mkdir(folder, 0755) != 0 && errno != EEXIST) return errno;
  int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return errno;
  flock(lock, LOCK_EX);
  int failure = mount("", folder, "none", MS_SHARED | MS_REC, NULL) == 0 ? 0 : errno;
  if (failure == EINVAL) {
    failure = mount(folder, folder, "none", MS_BIND | MS_REC, NULL) == 0 && mount("", folder, "none", MS_SHARED | MS_REC, NULL) == 0 ? 0 : errno;
  }
  close(lock);
  return failure;
}

static int raise_loopback(void) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int failure = ioctl(descriptor, SIOCSIFFLAGS, &request) == 0 ? 0 : errno;
  close(descriptor);
  return failure;
}

static int mount_new_namespace(const char *path, const char **call) {
  *call = "unshare";
  if (unshare(CLONE_NEWNET) != 0) return errno;
  *call = "ioctl";
  int failure = raise_loopback();
  if (failure != 0) return failure;
  *call = "mount";
  return mount("/proc/thread-self/ns/net", path, "none", MS_BIND, NULL) == 0 ? 0 : errno;
}

struct namespace_request {
  const char *path;
  int failure;
  const char *call;
};

static void *make_namespace(void *argument) {
  struct namespace_request *request = argument;
  request->failure = mount_new_namespace(request->path, &request->call);
  return NULL;
}

int clinux_make_network_namespace(const char *folder, const char *name, const char **call) {
  *call = "mount";
  int failure = share_mounts(folder);
  if (failure != 0) return failure;
  *call = "open";
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return ENAMETOOLONG;
  int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
  if (file < 0) return errno;
  close(file);
  // Threads begin in the namespace of the one that starts them, and Swift's runtime starts some wherever it runs: none of it runs in the new one.
  struct namespace_request request = {.path = path};
  pthread_t thread;
  *call = "pthread_create";
  failure = pthread_create(&thread, NULL, make_namespace, &request);
  if (failure == 0) {
    pthread_join(thread, NULL);
    failure = request.failure;
    *call = request.call;
  }
  if (failure != 0) unlink(path);
  return failure;
}

int clinux_remove_network_namespace(const char *path) {
  // EINVAL: nothing is mounted there.
  if (umount2(path, MNT_DETACH) != 0 && errno != EINVAL) return errno;
  return unlink(path) == 0 ? 0 : errno;
}

static int enter_network_namespace(const char *path, const char **call) {
  *call = "open";
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  *call = "setns";
  int failure = setns(file, CLONE_NEWNET) == 0 ? 0 : errno;
  close(file);
  return failure;
}

struct socket_request {
  const char *path;
  int family;
  int descriptor;
  int failure;
  const char *call;
};

static void *make_socket(void *argument) {
  struct socket_request *request = argument;
  if (request->path != NULL) request->failure = enter_network_namespace(request->path, &request->call);
  if (request->failure != 0) return NULL;
  request->call = "socket";
  request->descriptor = socket(request->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (request->descriptor < 0) request->failure = errno;
  return NULL;
}

int clinux_socket_in_namespace(const char *path, int family, int *descriptor, const char **call) {
  struct socket_request request = {.path = path, .family = family, .descriptor = -1};
  // As for a new one.
  pthread_t thread;
  *call = "pthread_create";
  int failure = pthread_create(&thread, NULL, make_socket, &request);
  if (failure != 0) return failure;
  pthread_join(thread, NULL);
  *descriptor = request.descriptor;
  *call = request.call;
  return request.failure;
}

int clinux_finish_connecting(int descriptor) {
  struct pollfd socket = {.fd = descriptor, .events = POLLOUT};
  while (poll(&socket, 1, -1) < 0) {
    if (errno != EINTR) return errno;
  }
  int failure = 0;
  socklen_t size = sizeof failure;
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 ? failure : errno;
}

// Of the linker: from here to there.
extern char __bss_start[], _end[];

void clinux_map_zeroed_data(void) {
  uintptr_t page = sysconf(_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t)__bss_start + page - 1) & -page;
  uintptr_t last = (uintptr_t)_end & -page;
#ifdef MADV_POPULATE_WRITE
  if (first < last) madvise((void *)first, last - first, MADV_POPULATE_WRITE);
#endif
}
