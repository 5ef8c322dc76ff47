#pragma once

// System headers that the Glibc module leaves out.
#include <malloc.h>
#include <sys/xattr.h>
