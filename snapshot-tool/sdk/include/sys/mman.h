/* sys/mman.h in place of wasi-libc's, which has only an emulation: mapped files are the files. */
#ifndef WASM_VFS_SYS_MMAN_H
#define WASM_VFS_SYS_MMAN_H

#pragma GCC system_header
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MAP_FAILED ((void *)-1)

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define PROT_GROWSDOWN 0x01000000
#define PROT_GROWSUP 0x02000000

#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_SHARED_VALIDATE 0x03
#define MAP_TYPE 0x0f
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_ANON MAP_ANONYMOUS
#define MAP_GROWSDOWN 0x0100
#define MAP_DENYWRITE 0x0800
#define MAP_EXECUTABLE 0x1000
#define MAP_LOCKED 0x2000
#define MAP_NORESERVE 0x4000
#define MAP_POPULATE 0x8000
#define MAP_NONBLOCK 0x10000
#define MAP_STACK 0x20000
#define MAP_HUGETLB 0x40000
#define MAP_SYNC 0x80000
#define MAP_FIXED_NOREPLACE 0x100000
#define MAP_FILE 0

#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED 2
#define MREMAP_DONTUNMAP 4

#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MS_SYNC 4

#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_REMOVE 9
#define MADV_DONTFORK 10
#define MADV_DOFORK 11
#define MADV_HUGEPAGE 14
#define MADV_NOHUGEPAGE 15
#define MADV_DONTDUMP 16
#define MADV_DODUMP 17

#define POSIX_MADV_NORMAL 0
#define POSIX_MADV_RANDOM 1
#define POSIX_MADV_SEQUENTIAL 2
#define POSIX_MADV_WILLNEED 3
#define POSIX_MADV_DONTNEED 4

#define MFD_CLOEXEC 0x0001
#define MFD_ALLOW_SEALING 0x0002
#define MFD_HUGETLB 0x0004

/* Other symbols than those of wasi-libc's emulation, which some drivers always link. */
void *mmap(void *, size_t, int, int, int, off_t) __asm__("__wasm_vfs_mmap");
int munmap(void *, size_t) __asm__("__wasm_vfs_munmap");
int mprotect(void *, size_t, int) __asm__("__wasm_vfs_mprotect");
void *mremap(void *, size_t, size_t, int, ...) __asm__("__wasm_vfs_mremap");
int msync(void *, size_t, int) __asm__("__wasm_vfs_msync");
int madvise(void *, size_t, int) __asm__("__wasm_vfs_madvise");
int posix_madvise(void *, size_t, int) __asm__("__wasm_vfs_posix_madvise");
int mlock(const void *, size_t) __asm__("__wasm_vfs_mlock");
int munlock(const void *, size_t) __asm__("__wasm_vfs_munlock");
int memfd_create(const char *, unsigned) __asm__("__wasm_vfs_memfd_create");

#ifdef __cplusplus
}
#endif
#endif
