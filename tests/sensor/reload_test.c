/* SPDX-License-Identifier: Apache-2.0 */
/* Changed files: real ones, also behind symlinks that are swapped as the kubelet does. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/reload.h"

struct folder {
	char path[64];
	char *file[8];
};

static const char *
in_folder(struct folder *f, unsigned slot, const char *name)
{
	assert_true(asprintf(&f->file[slot], "%s/%s", f->path, name) > 0);
	return f->file[slot];
}

static void
folder_init(struct folder *f)
{
	*f = (struct folder){ .file = { NULL } };
	(void)snprintf(f->path, sizeof(f->path), "/tmp/podwire-reload-XXXXXX");
	assert_non_null(mkdtemp(f->path));
}

static void
folder_remove(struct folder *f)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -r '%s'", f->path);
	assert_int_equal(system(command), 0);
	for (size_t i = 0; i < 8; i++)
		free(f->file[i]);
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Two looks that agree, and no more. */
static void
assert_told_once(struct reload *r)
{
	assert_false(reload_check(r));
	assert_true(reload_check(r));
	assert_false(reload_check(r));
}

static void
written_anew(void **state)
{
	struct folder f;
	struct reload *r, *other;

	(void)state;
	folder_init(&f);
	in_folder(&f, 0, "policy.yaml");
	in_folder(&f, 1, "cluster.json");
	write_file(f.file[0], "a");
	write_file(f.file[1], "b");
	r = reload_new((const char *const[]){ f.file[0], f.file[1] }, 2);
	other = reload_new((const char *const[]){ f.file[0] }, 1);
	assert_false(reload_check(r));
	assert_false(reload_check(r));
	write_file(f.file[1], "longer");
	assert_told_once(r);
	assert_false(reload_check(other));
	assert_false(reload_check(other));
	/* As editors and configuration tools do: another file of the same size takes the name. */
	write_file(in_folder(&f, 2, "new"), "c");
	assert_int_equal(rename(f.file[2], f.file[0]), 0);
	assert_told_once(r);
	assert_told_once(other);
	reload_free(r);
	reload_free(other);
	reload_free(NULL);
	folder_remove(&f);
}

/* A pipe in the place of the file would keep its reader waiting, and with it the sensor. */
static void
no_file(void **state)
{
	struct folder f;
	struct reload *r;
	char error[512];

	(void)state;
	folder_init(&f);
	write_file(in_folder(&f, 0, "policy.yaml"), "a");
	r = reload_new((const char *const[]){ f.file[0] }, 1);
	assert_true(reload_possible((const char *const[]){ f.file[0] }, 1, error, sizeof(error)));
	assert_int_equal(unlink(f.file[0]), 0);
	assert_false(reload_possible((const char *const[]){ f.file[0] }, 1, error, sizeof(error)));
	assert_int_equal(mkfifo(f.file[0], 0600), 0);
	for (int i = 0; i < 4; i++)
		assert_false(reload_check(r));
	assert_false(reload_possible((const char *const[]){ f.file[0] }, 1, error, sizeof(error)));
	assert_non_null(strstr(error, "policy.yaml: there is no file"));
	assert_false(reload_possible((const char *const[]){ "-" }, 1, error, sizeof(error)));
	reload_free(r);
	folder_remove(&f);
}

/* As long as every look finds something else, it is being written. */
static void
half_written(void **state)
{
	struct folder f;
	struct reload *r;
	FILE *out;

	(void)state;
	folder_init(&f);
	write_file(in_folder(&f, 0, "policy.yaml"), "a");
	r = reload_new((const char *const[]){ f.file[0] }, 1);
	out = fopen(f.file[0], "a");
	assert_non_null(out);
	for (int i = 0; i < 5; i++) {
		assert_true(fputs("more\n", out) >= 0);
		assert_int_equal(fflush(out), 0);
		assert_false(reload_check(r));
	}
	assert_int_equal(fclose(out), 0);
	assert_true(reload_check(r));
	assert_false(reload_check(r));
	reload_free(r);
	folder_remove(&f);
}

/* policy.yaml -> ..data/policy.yaml, ..data -> ..1; then ..data is swapped for one that leads to ..2. */
static void
config_map(void **state)
{
	struct folder f;
	struct reload *r;

	(void)state;
	folder_init(&f);
	assert_int_equal(mkdir(in_folder(&f, 0, "..1"), 0755), 0);
	assert_int_equal(mkdir(in_folder(&f, 1, "..2"), 0755), 0);
	write_file(in_folder(&f, 2, "..1/policy.yaml"), "old");
	write_file(in_folder(&f, 3, "..2/policy.yaml"), "new");
	assert_int_equal(symlink("..1", in_folder(&f, 4, "..data")), 0);
	assert_int_equal(symlink("..data/policy.yaml", in_folder(&f, 5, "policy.yaml")), 0);
	r = reload_new((const char *const[]){ f.file[5] }, 1);
	assert_false(reload_check(r));
	assert_int_equal(symlink("..2", in_folder(&f, 6, "..data_tmp")), 0);
	assert_int_equal(rename(f.file[6], f.file[4]), 0);
	assert_told_once(r);
	assert_int_equal(unlink(f.file[2]), 0);
	assert_int_equal(rmdir(f.file[0]), 0);
	assert_false(reload_check(r));
	assert_false(reload_check(r));
	reload_free(r);
	folder_remove(&f);
}

/* A file that is gone says nothing; when it comes back it does. One that was never there may come. */
static void
gone_and_back(void **state)
{
	struct folder f;
	struct reload *r;

	(void)state;
	folder_init(&f);
	write_file(in_folder(&f, 0, "policy.yaml"), "a");
	in_folder(&f, 1, "late.yaml");
	r = reload_new((const char *const[]){ f.file[0], f.file[1] }, 2);
	assert_int_equal(unlink(f.file[0]), 0);
	assert_false(reload_check(r));
	assert_false(reload_check(r));
	write_file(f.file[0], "a");
	assert_told_once(r);
	write_file(f.file[1], "b");
	assert_told_once(r);
	reload_free(r);
	folder_remove(&f);
}

/* Each of the figures alone is a change. */
static void
every_figure_counts(void **state)
{
	const struct reload_look looks[] = {
		{ true, 1, 1, 1, 1, 1 }, { true, 2, 1, 1, 1, 1 }, { true, 1, 2, 1, 1, 1 }, { true, 1, 1, 2, 1, 1 }, { true, 1, 1, 1, 2, 1 }, { true, 1, 1, 1, 1, 2 },
	};

	(void)state;
	for (size_t i = 1; i < sizeof(looks) / sizeof(looks[0]); i++) {
		struct reload_file f = { .begun = false };

		assert_false(reload_saw(&f, &looks[0]));
		assert_false(reload_saw(&f, &looks[i]));
		assert_true(reload_saw(&f, &looks[i]));
		assert_false(reload_saw(&f, &looks[i]));
		/* There and back between two looks that agree is no change. */
		assert_false(reload_saw(&f, &looks[0]));
		assert_false(reload_saw(&f, &looks[i]));
		assert_false(reload_saw(&f, &looks[i]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_anew),
		cmocka_unit_test(no_file),
		cmocka_unit_test(half_written),
		cmocka_unit_test(config_map),
		cmocka_unit_test(gone_and_back),
		cmocka_unit_test(every_figure_counts),
	};

	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
