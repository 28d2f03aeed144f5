/* sys/sysinfo.h, which wasi-libc lacks. */
#ifndef WASM_VFS_SYS_SYSINFO_H
#define WASM_VFS_SYS_SYSINFO_H

#pragma GCC system_header

#ifdef __cplusplus
extern "C" {
#endif

struct sysinfo {
    long long uptime;
    unsigned long long loads[3];
    unsigned long long totalram;
    unsigned long long freeram;
    unsigned long long sharedram;
    unsigned long long bufferram;
    unsigned long long totalswap;
    unsigned long long freeswap;
    unsigned short procs;
    unsigned short __reserved[3];
    unsigned long long totalhigh;
    unsigned long long freehigh;
    unsigned mem_unit;
};

int sysinfo(struct sysinfo *) __asm__("__wasm_vfs_sysinfo");

#ifdef __cplusplus
}
#endif
#endif
