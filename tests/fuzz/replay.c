// SPDX-License-Identifier: Apache-2.0
//
// Stands in for libFuzzer where there is none: runs a target once over files, or over all the files
// of folders, as a test.
//
//     fuzz_<what> FILE|FOLDER...
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "input.h"

enum {
    INPUT_MAX = 1 << 20,
    PATH_BYTES = 4096,
};

static bool run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(INPUT_MAX);
    uint8_t *exact;
    size_t len;

    if (!file || !bytes) {
        fprintf(stderr, "cannot read %s\n", path);
        free(bytes);
        if (file)
            fclose(file);
        return false;
    }
    printf("%s\n", path);
    fflush(stdout);
    len = fread(bytes, 1, INPUT_MAX, file);
    fclose(file);
    exact = input_copy(bytes, len);
    free(bytes);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return true;
}

// Returns how many files were run.
static size_t run(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char name[PATH_BYTES];
    size_t count = 0;

    if (!folder)
        return run_file(path);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        count += run_file(name);
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    size_t count = 0;

    for (int i = 1; i < argc; i++)
        count += run(argv[i]);
    printf("%zu inputs\n", count);
    return count > 0 ? 0 : 1;
}
