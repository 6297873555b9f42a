// A plain WASI command that knows nothing of wexec. It shows what an ordinary
// program sees of its environment.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_USAGE = 64 };

static int usage(void) {
    fputs("usage: command cat | env NAME | read PATH | write PATH TEXT | ls PATH |\n"
          "               exit N | sleep MS | args ARG... | spin\n",
          stderr);
    return EXIT_USAGE;
}

// Prints what failed and why, and returns the exit code for a failure.
static int failed(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    return EXIT_FAILURE;
}

// Copies a stream to standard output.
static int copy(FILE *from, const char *name) {
    char buffer[4096];
    size_t n;
    while ((n = fread(buffer, 1, sizeof buffer, from)) > 0) {
        if (fwrite(buffer, 1, n, stdout) != n) return failed("standard output");
    }
    return ferror(from) ? failed(name) : EXIT_SUCCESS;
}

static int print_env(const char *name) {
    const char *value = getenv(name);
    if (value == NULL) {
        fprintf(stderr, "%s is not set\n", name);
        return EXIT_FAILURE;
    }
    puts(value);
    return EXIT_SUCCESS;
}

static int read_file(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) return failed(path);
    int code = copy(file, path);
    fclose(file);
    return code;
}

static int write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (file == NULL) return failed(path);
    fputs(text, file);
    return fclose(file) == 0 ? EXIT_SUCCESS : failed(path);
}

static int is_shown(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int list(const char *path) {
    struct dirent **entries;
    int n = scandir(path, &entries, is_shown, alphasort);
    if (n < 0) return failed(path);
    for (int i = 0; i < n; i++) {
        puts(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return EXIT_SUCCESS;
}

static int sleep_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    return nanosleep(&time, NULL) == 0 ? EXIT_SUCCESS : failed("sleep");
}

static int print_args(int argc, char **argv) {
    for (int i = 0; i < argc; i++) puts(argv[i]);
    return EXIT_SUCCESS;
}

static void spin(void) {
    for (volatile unsigned i = 0;; i++) {
    }
}

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    int args = argc - 2;
    argv += 2;
    if (strcmp(verb, "cat") == 0 && args == 0) return copy(stdin, "standard input");
    if (strcmp(verb, "env") == 0 && args == 1) return print_env(argv[0]);
    if (strcmp(verb, "read") == 0 && args == 1) return read_file(argv[0]);
    if (strcmp(verb, "write") == 0 && args == 2) return write_file(argv[0], argv[1]);
    if (strcmp(verb, "ls") == 0 && args == 1) return list(argv[0]);
    if (strcmp(verb, "exit") == 0 && args == 1) return atoi(argv[0]);
    if (strcmp(verb, "sleep") == 0 && args == 1) return sleep_ms(atol(argv[0]));
    if (strcmp(verb, "args") == 0) return print_args(args, argv);
    if (strcmp(verb, "spin") == 0 && args == 0) spin();
    return usage();
}
