/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of exemptions. The seconds were computed by date(1): date -u -d TEXT +%s. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "policies/rfc3339.h"

static void
reads_dates_and_times(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{ "1970-01-01", 0 },
		{ "1969-12-31", -86400 },
		{ "2000-02-29", 951782400 },
		{ "2000-03-01", 951868800 },
		{ "2031-12-31", 1956441600 },
		{ "2100-03-01", 4107542400 },
		{ "9999-12-31", 253402214400 },
		{ "0001-01-01", -62135596800 },
		{ "2031-12-31T18:00:00Z", 1956506400 },
		{ "2031-12-31t18:00:00z", 1956506400 },
		{ "2031-12-31 18:00:00Z", 1956506400 },
		{ "2031-12-31T18:00:00.5Z", 1956506400 },
		{ "2031-12-31T18:00:00.999999999Z", 1956506400 },
		{ "2031-12-31T18:00:00+01:00", 1956502800 },
		{ "2031-12-31T18:00:00-05:30", 1956526200 },
		{ "2016-12-31T23:59:60Z", 1483228800 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t seconds = -1;

		if (!rfc3339_parse(cases[i].text, &seconds) || seconds != cases[i].seconds)
			fail_msg("%s is %lld", cases[i].text, (long long)seconds);
	}
}

static void
refuses_what_is_none(void **state)
{
	static const char *const texts[] = {
		"", "2031", "2031-12", "2031-12-", "31-12-2031", "2031/12/31", "2031-1-1", "2031-13-01", "2031-00-01", "2031-12-32", "2031-12-00",
		"2031-02-29", "2100-02-29", "0000-01-01", "2031-12-31 ", "2031-12-31T", "2031-12-31T18", "2031-12-31T18:00", "2031-12-31T18:00:00",
		"2031-12-31T24:00:00Z", "2031-12-31T18:60:00Z", "2031-12-31T18:00:61Z", "2031-12-31T18:00:00.Z", "2031-12-31T18:00:00X",
		"2031-12-31T18:00:00+1:00", "2031-12-31T18:00:00+24:00", "2031-12-31T18:00:00+01:60", "2031-12-31T18:00:00+0100",
		"2031-12-31T18:00:00ZZ", "2031-12-31X18:00:00Z", "+031-12-31", "never",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int64_t seconds;

		if (rfc3339_parse(texts[i], &seconds))
			fail_msg("'%s' was read", texts[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_dates_and_times),
		cmocka_unit_test(refuses_what_is_none),
	};

	return cmocka_run_group_tests_name("policies/rfc3339", tests, NULL, NULL);
}
