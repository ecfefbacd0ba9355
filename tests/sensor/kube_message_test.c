/* SPDX-License-Identifier: Apache-2.0 */
/* Watch events, list metadata and Statuses, as the API writes them and as others would. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sensor/kube_message.h"

static char error[256];

static bool
event(const char *text, struct kube_event *e)
{
	error[0] = '\0';
	return kube_event_read(text, strlen(text), e, error, sizeof(error));
}

static void
events(void **state)
{
	const char *text = "{\"object\":{\"spec\":{\"metadata\":{\"resourceVersion\":\"1\"}},\"metadata\":{\"resourceVersion\":\"98765432109876543210\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}},\"type\":\"ADDED\"}";
	struct kube_event e;

	(void)state;
	assert_true(event(text, &e));
	assert_int_equal(e.type, KUBE_EVENT_ADDED);
	assert_string_equal(e.version, "98765432109876543210");
	assert_false(e.initial_end); /* of bookmarks only */
	assert_int_equal(text[e.object.start], '{');
	assert_memory_equal(text + e.object.start + e.object.size, ",\"type\"", 7);
	assert_true(event("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}},\"spec\":{\"containers\":null},\"ports\":null}}", &e));
	assert_true(e.initial_end);
	assert_true(event("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\",\"annotations\":null}}}", &e));
	assert_false(e.initial_end);
	assert_true(event("{\"type\":\"WHAT\",\"object\":7,\"more\":[]}", &e));
	assert_int_equal(e.type, KUBE_EVENT_UNKNOWN);
	assert_true(event("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\\u0007\\nline\"}}", &e));
	assert_int_equal(e.failure.code, 410);
	assert_string_equal(e.failure.message, "too old");
	assert_true(event("{\"type\":\"DELETED\",\"object\":{}}", &e));
	assert_string_equal(e.version, "");
}

static void
no_events(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "7", "{}", "{\"type\":\"ADDED\"}", "{\"type\":null,\"object\":{}}", "{\"type\":[],\"object\":{}}", "{\"type\":\"ADDED\",\"object\":null}", "{\"type\":\"ADDED\",\"object\":{}}}",
		"{\"type\":\"ADDED\",\"type\":\"DELETED\",\"object\":{}}", "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":7}}}", "{\"type\":\"ADDED\",\"object\":{\"metadata\":[]}}",
		"{\"type\":\"ERROR\",\"object\":\"x\"", "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"a\\nb\"}}}",
	};
	struct kube_event e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (event(bad[i], &e))
			fail_msg("%s", bad[i]);
		assert_string_not_equal(error, "");
	}
}

static void
pages(void **state)
{
	static const char *const bad[] = {
		"", "{}", "{\"kind\":\"PodList\"}", "{\"kind\":\"PodList\",\"metadata\":{}}", "{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"1\"}}", "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"1\"}}",
		"{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{}", "{\"kind\":7,\"metadata\":{\"resourceVersion\":\"1\"}}",
	};
	const char *good = "{\"kind\":\"PodList\",\"items\":[],\"metadata\":{\"resourceVersion\":\"19\",\"continue\":\"ey=\",\"remainingItemCount\":9}}";
	struct kube_page p;

	(void)state;
	assert_true(kube_page_read(good, strlen(good), &p, error, sizeof(error)));
	assert_string_equal(p.version, "19");
	assert_string_equal(p.more, "ey=");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(kube_page_read(bad[i], strlen(bad[i]), &p, error, sizeof(error)));
}

static void
failures(void **state)
{
	const char *text = "{\"kind\":\"Status\",\"message\":\"Timeout: too large\",\"details\":{\"causes\":[{},{\"reason\":\"ResourceVersionTooLarge\"}]},\"code\":504}";
	struct kube_failure f;

	(void)state;
	kube_failure_read(text, strlen(text), true, &f);
	assert_int_equal(f.code, 504);
	assert_true(f.version_too_large);
	assert_string_equal(f.message, "Timeout: too large");
	kube_failure_read("\n <html>\t\x01 x\nmore", 17, false, &f);
	assert_string_equal(f.message, "<html>?? x");
	kube_failure_read("{\"code\":", 8, true, &f);
	assert_int_equal(f.code, 0);
	assert_string_equal(f.message, "{\"code\":");
	kube_failure_read("", 0, true, &f);
	assert_string_equal(f.message, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(events), cmocka_unit_test(no_events), cmocka_unit_test(pages), cmocka_unit_test(failures) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
