/* SPDX-License-Identifier: Apache-2.0 */
/* CNI configuration as it is found on nodes, and as it should not be. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensor/cni_config.h"

static char bridges[BRIDGES_MAX][IFNAMSIZ];

/* The names found in a text, joined; or the error. */
static const char *
names_in(const char *text)
{
	static char out[BRIDGES_MAX * IFNAMSIZ + 512];
	char error[512] = "";
	size_t count = 0, size = 0;
	char *copy = strndup(text, strlen(text));
	bool good = cni_config_parse("10.conf", copy, strlen(text), bridges, &count, error, sizeof(error));

	free(copy);
	if (!good) {
		assert_int_equal(count, 0);
		snprintf(out, sizeof(out), "error: %s", error);
		return out;
	}
	assert_string_equal(error, "");
	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		size += (size_t)snprintf(out + size, sizeof(out) - size, "%s%s", i == 0 ? "" : " ", bridges[i]);
	return out;
}

static void
test_texts(void **state)
{
	(void)state;
	assert_string_equal(names_in("{\"cniVersion\":\"0.3.1\",\"name\":\"a\",\"type\":\"bridge\",\"bridge\":\"cnio0\",\"ipam\":{\"type\":\"host-local\"}}"), "cnio0");
	assert_string_equal(names_in("{\"type\":\"bridge\"}"), "cni0");
	assert_string_equal(names_in("{\"name\":\"cbr\",\"plugins\":[{\"type\":\"bridge\",\"bridge\":\"one\"},{\"type\":\"portmap\"},{\"type\":\"bridge\",\"bridge\":\"one\"},{\"type\":\"bridge\"}]}"), "one cni0");
	assert_string_equal(names_in("{\"plugins\":[{\"type\":\"flannel\",\"delegate\":{\"isDefaultGateway\":true}}]}"), "");
	assert_string_equal(names_in("{\"type\":\"calico\",\"bridge\":\"no\"}"), "");
	assert_string_equal(names_in("{\"type\":\"bridge\",\"bridge\":\"a-name-of-16-byte\"}"), "");
	assert_string_equal(names_in("{\"type\":\"bridge\",\"bridge\":\"a/b\"}"), "");
	assert_string_equal(names_in("{}"), "");
}

static void
test_damaged(void **state)
{
	static const char *const texts[] = {
		"", " ", "[]", "3", "{\"type\":\"bridge\"", "{\"type\":\"bridge\"} x", "{\"type\":3}", "{\"type\":\"bridge\",\"bridge\":[]}", "{\"type\":\"bridge\",\"bridge\":\"\"}",
		"{\"plugins\":{}}", "{\"plugins\":[1]}", "{\"plugins\":[{\"type\":\"bridge\"},null]}", "{\"type\":\"bridge\",\"type\":\"x\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *names = names_in(texts[i]);

		assert_int_equal(strncmp(names, "error: 10.conf: ", 16), 0);
		assert_null(strchr(names, '\n'));
	}
}

static void
write_text(const char *directory, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int warnings;

static void
on_warning(void *context, const char *line)
{
	warnings++;
	assert_non_null(strstr(line, context));
}

static void
test_directory(void **state)
{
	static const char *const names[] = { "20-b.conflist", "10-a.conf", "30-damaged.conf", "40.json", "50.txt", ".60.conf", "70-many.conflist" };
	char directory[] = "/tmp/cni_config_test.XXXXXX", many[8192];
	size_t size;

	(void)state;
	assert_non_null(mkdtemp(directory));
	write_text(directory, names[0], "{\"plugins\":[{\"type\":\"bridge\",\"bridge\":\"second\"}]}");
	write_text(directory, names[1], "{\"type\":\"bridge\",\"bridge\":\"first\"}");
	write_text(directory, names[2], "{\"type\":\"bridge\",\"bridge\":");
	write_text(directory, names[3], "{\"type\":\"bridge\",\"bridge\":\"third\"}");
	write_text(directory, names[4], "{\"type\":\"bridge\",\"bridge\":\"text\"}");
	write_text(directory, names[5], "{\"type\":\"bridge\",\"bridge\":\"hidden\"}");
	size = (size_t)snprintf(many, sizeof(many), "{\"plugins\":[{\"type\":\"x\"}");
	for (int i = 0; i < 100; i++)
		size += (size_t)snprintf(many + size, sizeof(many) - size, ",{\"type\":\"bridge\",\"bridge\":\"b%d\"}", i);
	snprintf(many + size, sizeof(many) - size, "]}");
	write_text(directory, names[6], many);
	warnings = 0;
	assert_int_equal(cni_config_bridges(directory, bridges, on_warning, (void *)(uintptr_t)names[2]), BRIDGES_MAX);
	assert_int_equal(warnings, 1);
	assert_string_equal(bridges[0], "first");
	assert_string_equal(bridges[1], "second");
	assert_string_equal(bridges[2], "third");
	assert_string_equal(bridges[3], "b0");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(cni_config_bridges(directory, bridges, on_warning, NULL), 0);
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(cni_config_bridges(directory, bridges, on_warning, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
