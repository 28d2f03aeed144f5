/* Names, directories, and the current directory, which must be one for all functions. */
#include "show.h"
#include <dirent.h>
#include <ftw.h>

static int by_name(const struct dirent **one, const struct dirent **other) {
    return strcmp((*one)->d_name, (*other)->d_name);
}

/* Shows a directory as a function of libc reads it that opens the path itself. */
static void list(const char *path) {
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, by_name);
    printf("%s:", path);
    for (int i = 0; i < count; i++) {
        printf(" %s", entries[i]->d_name);
        free(entries[i]);
    }
    printf(count < 0 ? " %s\n" : "\n", error_name(errno));
    free(entries);
}

static int count_entries(DIR *directory) {
    int count = 0;
    while (directory != NULL && readdir(directory) != NULL) {
        count++;
    }
    return count;
}

static void names(void) {
    put("a", "text of a");
    SHOW(link("a", "b"));
    SHOW(linkat(AT_FDCWD, "b", AT_FDCWD, "c", 0));
    SHOW(rename("c", "d"));
    SHOW(renameat(AT_FDCWD, "d", AT_FDCWD, "e"));
    put("other", "text of other");
    SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "other", RENAME_NOREPLACE));
    SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "other", RENAME_EXCHANGE));
    get("a");
    get("other");
    SHOW(symlink("a", "link"));
    SHOW(symlinkat("missing", AT_FDCWD, "dangling"));
    char target[16] = "";
    SHOW(readlink("link", target, sizeof(target)));
    SHOW(readlinkat(AT_FDCWD, "dangling", target, 3));
    SHOW(readlink("a", target, sizeof(target)));
    SHOW(linkat(AT_FDCWD, "link", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
    SHOW(mkdir("directory", 0755));
    SHOW(unlink("directory"));
    SHOW(unlinkat(AT_FDCWD, "directory", 0));
    SHOW(unlinkat(AT_FDCWD, "a", AT_REMOVEDIR));
    SHOW(rmdir("a"));
    SHOW(unlinkat(AT_FDCWD, "directory", AT_REMOVEDIR));
    SHOW(mkdir("directory", 0755));
    SHOW(remove("directory"));
    SHOW(remove("b"));
    SHOW(remove("b"));
    SHOW(rmdir("missing"));
    SHOW(truncate("a", 4));
    get("a");
    list(".");
}

static void current(void) {
    char path[4096];
    char again[4096];
    char *allocated = getcwd(NULL, 0);
    HOLDS(allocated != NULL && strncmp(allocated, "/tmp/sdk-", 9) == 0);
    HOLDS(getcwd(path, sizeof(path)) == path && strcmp(path, allocated) == 0);
    HOLDS(getcwd(again, 3) == NULL && errno == ERANGE);
    HOLDS(getcwd(again, 0) == NULL && errno == EINVAL);
    SHOW(mkdir("deep", 0755));
    SHOW(mkdir("deep/er", 0755));
    put("deep/er/file", "in deep/er");
    SHOW(chdir("deep"));
    HOLDS(getcwd(again, sizeof(again)) != NULL && strcmp(again + strlen(path), "/deep") == 0);
    /* Each way in sees the new directory: open, fopen, opendir, and libc's own. */
    get("er/file");
    list("er");
    list(".");
    FILE *file = fopen("er/file", "r");
    HOLDS(file != NULL);
    file = freopen("er/file", "r", file);
    HOLDS(file != NULL);
    if (file != NULL) {
        HOLDS(fgets(again, sizeof(again), file) != NULL && strcmp(again, "in deep/er") == 0);
        fclose(file);
    }
    DIR *directory = opendir("er");
    SHOW(count_entries(directory));
    rewinddir(directory);
    SHOW(count_entries(directory));
    SHOW(closedir(directory));
    SHOW(chdir("er/file"));
    SHOW(chdir("missing"));
    get("er/file");
    int up = open("..", O_RDONLY | O_DIRECTORY);
    SHOW(fchdir(up));
    HOLDS(strcmp(getcwd(again, sizeof(again)), path) == 0);
    list("deep");
    /* The directory moves with those that are in it. */
    SHOW(chdir("deep/er"));
    SHOW(rename("../../deep", "../../moved"));
    HOLDS(getcwd(again, sizeof(again)) != NULL && strcmp(again + strlen(path), "/moved/er") == 0);
    get("file");
    SHOW(chdir(".."));
    list("er");
    SHOW(fchdir(up));
    int file_of = open("a", O_RDONLY);
    SHOW(fchdir(file_of));
    SHOW(fchdir(99));
    SHOW(close(file_of));
    SHOW(close(up));
    HOLDS(opendir("missing") == NULL && errno == ENOENT);
    free(allocated);
}

static int visited;

/* Libcs have different numbers. */
static const char *kind(int type) {
    return type == FTW_F     ? "file"
           : type == FTW_D   ? "directory"
           : type == FTW_DP  ? "directory after"
           : type == FTW_DNR ? "unreadable"
           : type == FTW_NS  ? "nothing"
           : type == FTW_SL  ? "link"
           : type == FTW_SLN ? "dangling"
                             : "?";
}

static int shows(const char *path, const struct stat *stat, int type, struct FTW *place) {
    printf("  %s %s at %d, level %d, %o\n", path, kind(type), place->base, place->level, type == FTW_NS ? 0 : (unsigned)stat->st_mode & 07777);
    return 0;
}

static int stops(const char *path, const struct stat *stat, int type, struct FTW *place) {
    (void)path, (void)stat, (void)type, (void)place;
    return ++visited == 2 ? 42 : 0;
}

static int here(const char *path, const struct stat *stat, int type, struct FTW *place) {
    /* The name alone is enough where FTW_CHDIR has gone to its directory. */
    struct stat again;
    HOLDS(fstatat(AT_FDCWD, path + place->base, &again, AT_SYMLINK_NOFOLLOW) == 0 && again.st_ino == stat->st_ino);
    (void)type;
    return 0;
}

static int plain(const char *path, const struct stat *stat, int type) {
    printf("  %s %s %o\n", path, kind(type), (unsigned)stat->st_mode & 07777);
    return 0;
}

static void walks(void) {
    /* One name in each directory: their order is a filesystem's own. */
    SHOW(mkdir("tree", 0755));
    SHOW(mkdir("tree/one", 0750));
    SHOW(mkdir("tree/one/two", 0700));
    put("tree/one/two/leaf", "leaf");
    SHOW(nftw("tree", shows, 8, FTW_PHYS));
    SHOW(nftw("tree", shows, 8, FTW_PHYS | FTW_DEPTH));
    SHOW(nftw("tree", shows, 8, FTW_PHYS | FTW_MOUNT));
    SHOW(nftw("tree/one/two/leaf", shows, 8, 0));
    SHOW(nftw("tree", here, 8, FTW_PHYS | FTW_CHDIR));
    SHOW(nftw("./tree/one", here, 8, FTW_PHYS | FTW_CHDIR));
    SHOW(nftw("tree", stops, 8, FTW_PHYS));
    SHOW(nftw("missing", shows, 8, FTW_PHYS));
    SHOW(unlink("tree/one/two/leaf"));
    SHOW(symlink("nowhere", "tree/one/two/leaf"));
    SHOW(nftw("tree", shows, 8, 0));
    SHOW(nftw("tree", shows, 8, FTW_PHYS));
    SHOW(unlink("tree/one/two/leaf"));
    SHOW(symlink("../..", "tree/one/two/leaf"));
    SHOW(nftw("tree", shows, 8, 0));
    SHOW(unlink("tree/one/two/leaf"));
    SHOW(ftw("tree", plain, 8));
}

int main(void) {
    start();
    names();
    current();
    walks();
    return 0;
}
