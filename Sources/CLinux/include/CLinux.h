#pragma once

// System headers that the Glibc module leaves out.
#include <sys/xattr.h>
