#define _GNU_SOURCE
#include "CLinux.h"

#include <spawn.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

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

int64_t clinux_realtime(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int clinux_spawn_close_from(void *file_actions, int first) { return posix_spawn_file_actions_addclosefrom_np(file_actions, first); }
