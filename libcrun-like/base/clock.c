/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See clock.h. gmtime_r(3) would read /etc/localtime, which is the container's in a child.
 */
#include "clock.h"

#include "fmt.h"

/* The days are counted from March of the year 0, so that the leap day is a year's last. */
void clock_text(uint64_t nsec, char ret[static CLOCK_TEXT_SIZE])
{
	enum {
		DAYS_TO_EPOCH = 719468,
		DAYS_IN_ERA = 146097
	};
	unsigned days = (unsigned)(nsec / 1000000000u / 86400) + DAYS_TO_EPOCH;
	unsigned seconds = (unsigned)(nsec / 1000000000u % 86400);
	unsigned in_era = days % DAYS_IN_ERA;
	unsigned year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	unsigned day_of_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month_from_march = (5 * day_of_year + 2) / 153;
	unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

	fmt(ret, CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%09luZ",
	    year_of_era + days / DAYS_IN_ERA * 400 + (month <= 2 ? 1 : 0), month,
	    day_of_year - (153 * month_from_march + 2) / 5 + 1, seconds / 3600, seconds / 60 % 60,
	    seconds % 60, (unsigned long)(nsec % 1000000000u));
}
