/* sys/utsname.h, with a domain name. */
#ifndef WASM_VFS_SYS_UTSNAME_H
#define WASM_VFS_SYS_UTSNAME_H

#pragma GCC system_header

#ifdef __cplusplus
extern "C" {
#endif

struct utsname {
    char sysname[65];
    char nodename[65];
    char release[65];
    char version[65];
    char machine[65];
    char domainname[65];
};

int uname(struct utsname *) __asm__("__wasm_vfs_uname");

#ifdef __cplusplus
}
#endif
#endif
