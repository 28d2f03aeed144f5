/* Drives libgit2 through the life of a repository, on the files that were packed to /work. The test then does the same
 * with git on a directory of the disk, and looks at what this has left. All that is printed git can print too. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/errors.h>
#include <git2/sys/transport.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Stand-ins. There is no database of users: nobody has a home there, and libgit2 asks the environment next. */
int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **result) {
    *result = 0;
    return 0;
}

/* What streams/socket.c, transports/git.c and transports/http.c would export, which are left out: there are no sockets. */
int git_socket_stream_global_init(void) {
    return 0;
}

static int no_network(void) {
    git_error_set_str(GIT_ERROR_NET, "there is no network");
    return GIT_ERROR;
}

int git_smart_subtransport_git(git_smart_subtransport **out, git_transport *owner, void *parameter) {
    return no_network();
}

int git_smart_subtransport_http(git_smart_subtransport **out, git_transport *owner, void *parameter) {
    return no_network();
}

/* End of the stand-ins. */

static void check(int error, const char *what) {
    if (error >= 0) return;
    const git_error *last = git_error_last();
    fprintf(stderr, "%s: %d, %s\n", what, error, last ? last->message : "no message");
    exit(1);
}

#define CHECK(call) check(call, #call)

static void expect(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

#define EXPECT(holds) expect(holds, #holds)

static void write_file(const char *path, const char *text, mode_t mode) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    EXPECT(file >= 0);
    EXPECT(write(file, text, strlen(text)) == (ssize_t)strlen(text));
    EXPECT(close(file) == 0);
}

static const char *name_of(const git_oid *id) {
    return git_oid_tostr_s(id);
}

/* Author and committer of the commit of this number. */
static git_signature *signature(int number) {
    git_signature *one;
    CHECK(git_signature_new(&one, "Ada Lovelace", "ada@example.org", 1700000000 + 60 * number, 90));
    return one;
}

/* Puts the whole working directory into the index, and commits it on HEAD. */
static git_oid commit(git_repository *repository, int number, const char *message, const git_oid *second_parent) {
    git_index *index;
    CHECK(git_repository_index(&index, repository));
    CHECK(git_index_add_all(index, NULL, GIT_INDEX_ADD_DEFAULT, NULL, NULL));
    CHECK(git_index_write(index));
    git_oid tree_id, parent_id, id;
    CHECK(git_index_write_tree(&tree_id, index));
    git_tree *tree;
    CHECK(git_tree_lookup(&tree, repository, &tree_id));
    git_commit *parents[2];
    size_t count = 0;
    if (git_reference_name_to_id(&parent_id, repository, "HEAD") == 0)
        CHECK(git_commit_lookup(&parents[count++], repository, &parent_id));
    if (second_parent) CHECK(git_commit_lookup(&parents[count++], repository, second_parent));
    git_signature *author = signature(number);
    CHECK(git_commit_create(
        &id, repository, "HEAD", author, author, NULL, message, tree, count, (const git_commit **)parents));
    printf("commit %s tree ", name_of(&id));
    printf("%s\n", name_of(&tree_id));
    while (count) git_commit_free(parents[--count]);
    git_signature_free(author);
    git_tree_free(tree);
    git_index_free(index);
    return id;
}

static char letter(unsigned status, unsigned added, unsigned modified, unsigned deleted, unsigned type) {
    return status & added ? 'A' : status & modified ? 'M' : status & deleted ? 'D' : status & type ? 'T' : ' ';
}

/* As `git status --porcelain --untracked-files=all`. */
static void print_status(git_repository *repository) {
    git_status_options options = GIT_STATUS_OPTIONS_INIT;
    options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS;
    git_status_list *list;
    CHECK(git_status_list_new(&list, repository, &options));
    for (int untracked = 0; untracked < 2; untracked++) {
        for (size_t at = 0; at < git_status_list_entrycount(list); at++) {
            const git_status_entry *entry = git_status_byindex(list, at);
            unsigned status = entry->status;
            const char *path = entry->index_to_workdir ? entry->index_to_workdir->old_file.path
                                                       : entry->head_to_index->old_file.path;
            if (!!(status & GIT_STATUS_WT_NEW) != untracked) continue;
            if (untracked)
                printf("status ?? %s\n", path);
            else
                printf("status %c%c %s\n",
                    letter(status, GIT_STATUS_INDEX_NEW, GIT_STATUS_INDEX_MODIFIED, GIT_STATUS_INDEX_DELETED,
                        GIT_STATUS_INDEX_TYPECHANGE),
                    letter(status, 0, GIT_STATUS_WT_MODIFIED, GIT_STATUS_WT_DELETED, GIT_STATUS_WT_TYPECHANGE), path);
        }
    }
    git_status_list_free(list);
}

/* As `git diff`. */
static void print_diff(git_repository *repository) {
    git_diff *diff;
    git_buf text = {0};
    CHECK(git_diff_index_to_workdir(&diff, repository, NULL, NULL));
    CHECK(git_diff_to_buf(&text, diff, GIT_DIFF_FORMAT_PATCH));
    fwrite(text.ptr, 1, text.size, stdout);
    git_buf_dispose(&text);
    git_diff_free(diff);
}

static void check_out(git_repository *repository, const char *branch) {
    git_object *tree;
    char name[100];
    snprintf(name, sizeof name, "refs/heads/%s", branch);
    CHECK(git_revparse_single(&tree, repository, name));
    git_checkout_options options = GIT_CHECKOUT_OPTIONS_INIT;
    options.checkout_strategy = GIT_CHECKOUT_SAFE;
    CHECK(git_checkout_tree(repository, tree, &options));
    CHECK(git_repository_set_head(repository, name));
    git_object_free(tree);
    print_status(repository);
}

/* As `git log --format='log %H %s'`. */
static void print_log(git_repository *repository) {
    git_revwalk *walk;
    CHECK(git_revwalk_new(&walk, repository));
    CHECK(git_revwalk_sorting(walk, GIT_SORT_TIME));
    CHECK(git_revwalk_push_head(walk));
    for (git_oid id; git_revwalk_next(&id, walk) == 0;) {
        git_commit *commit;
        CHECK(git_commit_lookup(&commit, repository, &id));
        printf("log %s %s\n", name_of(&id), git_commit_summary(commit));
        git_commit_free(commit);
    }
    git_revwalk_free(walk);
}

/* As `git ls-tree -r --long HEAD`, by reading each blob. */
static int print_blob(const char *root, const git_tree_entry *entry, void *payload) {
    if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB) return 0;
    git_blob *blob;
    CHECK(git_blob_lookup(&blob, payload, git_tree_entry_id(entry)));
    printf("blob %06o %s %lld %s%s\n", git_tree_entry_filemode(entry), name_of(git_tree_entry_id(entry)),
        (long long)git_blob_rawsize(blob), root, git_tree_entry_name(entry));
    git_blob_free(blob);
    return 0;
}

static void print_blobs(git_repository *repository) {
    git_object *tree;
    CHECK(git_revparse_single(&tree, repository, "HEAD^{tree}"));
    CHECK(git_tree_walk((git_tree *)tree, GIT_TREEWALK_PRE, print_blob, repository));
    git_object_free(tree);
}

static void clone(const char *url, const char *path, git_clone_local_t local) {
    git_clone_options options = GIT_CLONE_OPTIONS_INIT;
    options.local = local;
    git_repository *repository;
    check(git_clone(&repository, url, path, &options), url);
    git_oid head;
    CHECK(git_reference_name_to_id(&head, repository, "HEAD"));
    printf("clone %s %s\n", name_of(&head), path);
    print_status(repository);
    git_repository_free(repository);
}

int main(void) {
    CHECK(git_libgit2_init());
    umask(022);
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_MKPATH;
    options.initial_head = "trunk";
    git_repository *repository;
    CHECK(git_repository_init_ext(&repository, "/work", &options));

    /* What libgit2 found out about the filesystem, by chmod, by symlink and by names in capitals. */
    git_config *config;
    CHECK(git_repository_config(&config, repository));
    const char *names[] = {"core.filemode", "core.symlinks", "core.ignorecase"};
    for (size_t at = 0; at < 3; at++) {
        int value = -1;
        int error = git_config_get_bool(&value, config, names[at]);
        printf("config %s %s\n", names[at], error == GIT_ENOTFOUND ? "unset" : value ? "true" : "false");
    }
    CHECK(git_config_set_string(config, "user.name", "Ada Lovelace"));
    CHECK(git_config_set_string(config, "user.email", "ada@example.org"));
    git_config_free(config);
    print_status(repository);
    git_oid first = commit(repository, 0, "first\n", NULL);

    EXPECT(chdir("/work") == 0);
    EXPECT(chmod("plain.txt", 0755) == 0);
    EXPECT(chmod("script.sh", 0644) == 0);
    EXPECT(rename("a/b/c/d/e/deep.txt", "a/moved.txt") == 0);
    EXPECT(unlink("doomed.txt") == 0);
    EXPECT(unlink("link") == 0);
    EXPECT(symlink("a/moved.txt", "link") == 0);
    EXPECT(unlink("becomes-link") == 0);
    EXPECT(symlink("plain.txt", "becomes-link") == 0);
    write_file("lines.txt", "one\nTWO\nthree\nfour\n", 0644);
    EXPECT(mkdir("new", 0755) == 0);
    write_file("new/tool", "#!/bin/sh\n", 0755);
    write_file("new/ignored.o", "object\n", 0644);
    print_status(repository);
    print_diff(repository);
    git_oid second = commit(repository, 1, "second\n", NULL);
    print_status(repository);

    /* A branch from the first commit: checking it out takes all that back. */
    git_commit *start;
    git_reference *branch;
    CHECK(git_commit_lookup(&start, repository, &first));
    CHECK(git_branch_create(&branch, repository, "side", start, 0));
    git_commit_free(start);
    git_reference_free(branch);
    check_out(repository, "side");
    struct stat status;
    EXPECT(stat("script.sh", &status) == 0);
    printf("script.sh %04o\n", status.st_mode & 07777);
    EXPECT(stat("plain.txt", &status) == 0);
    printf("plain.txt %04o\n", status.st_mode & 07777);
    EXPECT(lstat("becomes-link", &status) == 0 && S_ISREG(status.st_mode));
    EXPECT(lstat("a/b/c/d/e/deep.txt", &status) == 0);
    EXPECT(lstat("new/tool", &status) == -1 && errno == ENOENT);
    write_file("side.txt", "on the side\n", 0644);
    git_oid side = commit(repository, 2, "side\n", NULL);

    /* Back, and both together. */
    check_out(repository, "trunk");
    git_annotated_commit *their;
    CHECK(git_annotated_commit_lookup(&their, repository, &side));
    CHECK(git_merge(repository, (const git_annotated_commit **)&their, 1, NULL, NULL));
    git_annotated_commit_free(their);
    git_oid merge = commit(repository, 3, "merge\n", &side);
    CHECK(git_repository_state_cleanup(repository));
    print_status(repository);

    git_object *target;
    git_oid tag;
    git_signature *tagger = signature(4);
    CHECK(git_object_lookup(&target, repository, &second, GIT_OBJECT_COMMIT));
    CHECK(git_tag_create(&tag, repository, "v1", target, tagger, "one\n", 0));
    printf("tag %s\n", name_of(&tag));
    git_signature_free(tagger);
    git_object_free(target);
    print_log(repository);
    print_blobs(repository);
    git_repository_free(repository);

    clone("/work", "/linked", GIT_CLONE_LOCAL);
    clone("file:///work", "/packed", GIT_CLONE_NO_LOCAL);

    git_repository *none;
    EXPECT(git_clone(&none, "https://example.org/repository", "/none", NULL) < 0);
    printf("refused: %s\n", git_error_last()->message);
    git_libgit2_shutdown();
    return 0;
}
