/* A disk that misbehaves: preloaded, it stands between a process and what lies below BADFS_BELOW.
 *
 * BADFS says how, and may change at any time: "CALL=FAULT", where CALL is open, write or fsync, and FAULT is EIO,
 * ENOSPC, EROFS, EMFILE, short (half of a write), slow (100 ms) or hang (until BADFS says something else).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_below(const char *path) {
    const char *below = getenv("BADFS_BELOW");
    return below && path && strncmp(path, below, strlen(below)) == 0;
}

static int is_ours(int fd) {
    char link[64], path[PATH_MAX];
    if (!getenv("BADFS_BELOW")) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return is_below(path);
}

static const char *fault_of(const char *call) {
    const char *told = getenv("BADFS");
    size_t size = strlen(call);
    return told && strncmp(told, call, size) == 0 && told[size] == '=' ? told + size + 1 : "";
}

/* Returns whether the call fails, with errno set; waits where it has to. */
static int fails(const char *call) {
    const char *fault = fault_of(call);
    if (!strcmp(fault, "slow")) usleep(100000);
    while (!strcmp(fault_of(call), "hang")) usleep(10000);
    errno = !strcmp(fault, "EIO") ? EIO : !strcmp(fault, "ENOSPC") ? ENOSPC
          : !strcmp(fault, "EROFS") ? EROFS : !strcmp(fault, "EMFILE") ? EMFILE : 0;
    return errno != 0;
}

ssize_t write(int fd, const void *data, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    if (is_ours(fd)) {
        if (fails("write")) return -1;
        if (!strcmp(fault_of("write"), "short") && size > 1) size /= 2;
    }
    return real(fd, data, size);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    return is_ours(fd) && fails("fsync") ? -1 : real(fd);
}

#define OPEN(NAME)                                                          \
    int NAME(const char *path, int flags, ...) {                            \
        static int (*real)(const char *, int, ...);                         \
        if (!real) real = dlsym(RTLD_NEXT, #NAME);                          \
        va_list rest;                                                       \
        va_start(rest, flags);                                              \
        mode_t mode = va_arg(rest, mode_t);                                 \
        va_end(rest);                                                       \
        return is_below(path) && fails("open") ? -1 : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
