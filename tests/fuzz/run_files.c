/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main() for a fuzz target built without a fuzzing engine: runs it once on every file named, and
 * on every file of every folder named, else on the target's seeds, so that `make check` replays
 * them on any compiler. Prints one TAP line a file.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count;

static int
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *bytes;
	size_t size;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		printf("not ok %d - %s: %s\n", ++count, path, strerror(errno));
		return 1;
	}
	bytes = malloc((size_t)st.st_size + (st.st_size == 0));
	if (bytes == NULL)
		abort();
	size = fread(bytes, 1, (size_t)st.st_size, f);
	fclose(f);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	printf("ok %d - %s\n", ++count, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
	return 0;
}

static int
run_folder(const char *path)
{
	struct dirent **entries;
	int failed = 0, n = scandir(path, &entries, NULL, alphasort);

	if (n < 0)
		return run_file(path);
	for (int i = 0; i < n; i++) {
		char file[4096];

		if (entries[i]->d_name[0] != '.') {
			snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
			failed |= run_file(file);
		}
		free(entries[i]);
	}
	free(entries);
	return failed;
}

int
main(int argc, char **argv)
{
	const char *source = getenv("PODWIRE_SOURCE");
	char seeds[4096];
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= run_folder(argv[i]);
	if (argc < 2) {
		snprintf(seeds, sizeof(seeds), "%s/tests/fuzz/seeds/" FUZZ_SEEDS, source != NULL ? source : ".");
		failed |= run_folder(seeds);
	}
	printf("1..%d\n", count);
	return failed;
}
