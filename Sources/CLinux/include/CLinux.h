#pragma once

// System headers that the Glibc module leaves out.
#include <malloc.h>
#include <sys/timex.h>
#include <sys/xattr.h>
