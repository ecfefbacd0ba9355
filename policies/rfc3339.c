/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 5.6: full-date and date-time, without the C library's time zones and locales. */
#include <config.h>

#include "rfc3339.h"

/* Reads count digits at *text, which is moved behind them; -1 where one is none. */
static int
digits(const char **text, int count)
{
	int n = 0;

	for (; count > 0; count--, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		n = n * 10 + (**text - '0');
	}
	return n;
}

static bool
literal(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t
days_since_1970(int year, int month, int day)
{
	int64_t before = year - 1;
	int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;

	for (int m = 1; m < month; m++)
		days += days_in_month(year, m);
	return days + day - 1;
}

static bool
read_date(const char **text, int64_t *days)
{
	int year = digits(text, 4), month, day;

	if (year < 1 || !literal(text, '-'))
		return false;
	month = digits(text, 2);
	if (month < 1 || month > 12 || !literal(text, '-'))
		return false;
	day = digits(text, 2);
	if (day < 1 || day > days_in_month(year, month))
		return false;
	*days = days_since_1970(year, month, day);
	return true;
}

/* partial-time; a fraction of a second is passed over. */
static bool
read_time(const char **text, int64_t *seconds)
{
	int hour = digits(text, 2), minute, second;

	if (hour < 0 || hour > 23 || !literal(text, ':'))
		return false;
	minute = digits(text, 2);
	if (minute < 0 || minute > 59 || !literal(text, ':'))
		return false;
	second = digits(text, 2);
	if (second < 0 || second > 60) /* 60: a leap second, RFC 3339 5.7 */
		return false;
	if (literal(text, '.')) {
		if (digits(text, 1) < 0)
			return false;
		while (**text >= '0' && **text <= '9')
			(*text)++;
	}
	*seconds = hour * 3600 + minute * 60 + second;
	return true;
}

/* time-offset: "Z" or hours and minutes ahead of UTC. */
static bool
read_offset(const char **text, int64_t *seconds)
{
	int sign = **text == '-' ? -1 : 1, hours, minutes;

	*seconds = 0;
	if (literal(text, 'Z') || literal(text, 'z'))
		return true;
	if (!literal(text, '+') && !literal(text, '-'))
		return false;
	hours = digits(text, 2);
	if (hours < 0 || hours > 23 || !literal(text, ':'))
		return false;
	minutes = digits(text, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool
rfc3339_parse(const char *text, int64_t *seconds)
{
	int64_t days, time = 0, offset = 0;

	if (!read_date(&text, &days))
		return false;
	if (*text != '\0') {
		if (!literal(&text, 'T') && !literal(&text, 't') && !literal(&text, ' '))
			return false;
		if (!read_time(&text, &time) || !read_offset(&text, &offset))
			return false;
	}
	*seconds = days * 86400 + time - offset;
	return *text == '\0';
}
