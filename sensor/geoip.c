/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Country and autonomous system of addresses outside (MaxMind DB format 2.0, by libmaxminddb).
 *
 * The library checks little of a file when it opens it, and follows what it finds there later. So
 * the whole search tree is checked once, and some of the data; and a record is walked by the
 * library's depth-limited reader before a value is looked for in it.
 */
#include <config.h>

#include "geoip.h"

#include <dirent.h>
#include <errno.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	DATABASE_LIMIT = 64,
	PATH_LIMIT = 4096,
	SAMPLED_RECORDS = 256, /* of a database, when it is opened */
};

struct database {
	MMDB_s file;
	struct database *next;
};

struct geoip {
	struct database *first, **last; /* in the order opened: the first that knows is asked no further */
	size_t count;
};

static const char *const country_path[] = { "country", "iso_code", NULL };
/* Where an address is registered, for those whose place is not known. */
static const char *const registered_path[] = { "registered_country", "iso_code", NULL };
static const char *const number_path[] = { "autonomous_system_number", NULL };
static const char *const organization_path[] = { "autonomous_system_organization", NULL };

struct geoip *
geoip_new(void)
{
	struct geoip *g = calloc(1, sizeof(*g));

	if (g == NULL)
		abort();
	g->last = &g->first;
	return g;
}

void
geoip_free(struct geoip *g)
{
	if (g == NULL)
		return;
	while (g->first != NULL) {
		struct database *next = g->first->next;

		MMDB_close(&g->first->file);
		free(g->first);
		g->first = next;
	}
	free(g);
}

/* Values. */

/* Whether the record can be walked: no deeper than the library's limit, and within the file. */
static bool
is_sound(MMDB_entry_s *entry)
{
	MMDB_entry_data_list_s *list = NULL;
	int status = MMDB_get_entry_data_list(entry, &list);

	MMDB_free_entry_data_list(list);
	return status == MMDB_SUCCESS;
}

static bool
get(MMDB_entry_s *entry, const char *const *path, uint32_t type, MMDB_entry_data_s *out)
{
	return MMDB_aget_value(entry, out, path) == MMDB_SUCCESS && out->has_data && out->type == type;
}

static bool
is_letter(char c)
{
	return c >= 'A' && c <= 'Z';
}

static void
get_country(MMDB_entry_s *entry, const char *const *path, char country[3])
{
	MMDB_entry_data_s data;

	if (country[0] != '\0' || !get(entry, path, MMDB_DATA_TYPE_UTF8_STRING, &data))
		return;
	if (data.data_size != 2 || !is_letter(data.utf8_string[0]) || !is_letter(data.utf8_string[1]))
		return;
	memcpy(country, data.utf8_string, 2);
	country[2] = '\0';
}

/*
 * The size of the UTF-8 character (RFC 3629) at text and its code point in *code; 0 where it is none.
 */
static size_t
character(const uint8_t *text, size_t left, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t size = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;

	if (size == 1) {
		*code = text[0];
		return 1;
	}
	if (text[0] < 0xc2 || text[0] > 0xf4 || size > left)
		return 0;
	*code = text[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3fu);
	}
	return *code >= least[size] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff) ? size : 0;
}

/* Whether a terminal shows the character as a sign: no control, no change of the writing's direction. */
static bool
is_visible(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return false;
	return !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2060 && code <= 0x206f) && code != 0xfeff;
}

/* Copies text whole characters at a time, as many as fit, with a ? for what cannot be shown. */
static void
copy_clean(char *out, size_t out_size, const char *text, size_t size)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t used = 0;

	while (size > 0) {
		uint32_t code = 0;
		size_t step = character(at, size, &code);
		bool shown = step > 0 && is_visible(code);
		size_t written = shown ? step : 1;

		if (used + written >= out_size)
			break;
		memcpy(out + used, shown ? (const void *)at : "?", written);
		used += written;
		step = step > 0 ? step : 1;
		at += step;
		size -= step;
	}
	out[used] = '\0';
}

static void
get_system(MMDB_entry_s *entry, struct geoip_answer *out)
{
	MMDB_entry_data_s data;

	if (out->asn != 0 || !get(entry, number_path, MMDB_DATA_TYPE_UINT32, &data) || data.uint32 == 0)
		return;
	out->asn = data.uint32;
	if (get(entry, organization_path, MMDB_DATA_TYPE_UTF8_STRING, &data))
		copy_clean(out->organization, sizeof(out->organization), data.utf8_string, data.data_size);
}

static void
read_entry(MMDB_entry_s *entry, struct geoip_answer *out)
{
	if (!is_sound(entry))
		return;
	get_country(entry, country_path, out->country);
	get_country(entry, registered_path, out->country);
	get_system(entry, out);
}

/* Opening. */

/* What a database turned out to be. */
struct check {
	const char *damage; /* NULL: none */
	bool useful;       /* some record has a country or a system */
	size_t sampled;
};

static void
check_record(struct check *check, uint8_t type, MMDB_entry_s *entry)
{
	struct geoip_answer answer = { 0 };

	if (type == MMDB_RECORD_TYPE_INVALID)
		check->damage = "its search tree is damaged";
	if (type != MMDB_RECORD_TYPE_DATA || check->sampled >= SAMPLED_RECORDS)
		return;
	check->sampled++;
	if (!is_sound(entry)) {
		check->damage = "its data section is damaged";
		return;
	}
	read_entry(entry, &answer);
	if (answer.country[0] != '\0' || answer.asn != 0)
		check->useful = true;
}

static struct check
check_database(const MMDB_s *file)
{
	struct check check = { 0 };

	for (uint32_t i = 0; check.damage == NULL && i < file->metadata.node_count; i++) {
		MMDB_search_node_s node;

		if (MMDB_read_node(file, i, &node) != MMDB_SUCCESS) {
			check.damage = "its search tree is damaged";
			break;
		}
		check_record(&check, node.left_record_type, &node.left_record_entry);
		if (check.damage == NULL)
			check_record(&check, node.right_record_type, &node.right_record_entry);
	}
	return check;
}

static bool
refuse(char *error, size_t error_size, const char *path, const char *why, const char *detail)
{
	if (error_size == 0)
		return false;
	(void)snprintf(error, error_size, "%s: %s%s", path, why, detail);
	/* The path may come from a folder's listing. */
	for (char *c = error; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return false;
}

static const char *const unusable = "is no usable MaxMind DB file: ";

/* *useful: whether it was kept, having what is asked for here. */
static bool
open_file(struct geoip *g, const char *path, bool *useful, char *error, size_t error_size)
{
	struct database *d;
	struct check check;
	int status;

	if (g->count == DATABASE_LIMIT)
		return refuse(error, error_size, path, "more databases than 64", "");
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		abort();
	status = MMDB_open(path, MMDB_MODE_MMAP, &d->file);
	if (status != MMDB_SUCCESS) {
		int cause = errno;

		free(d);
		if (status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR)
			return refuse(error, error_size, path, strerror(cause), "");
		return refuse(error, error_size, path, unusable, MMDB_strerror(status));
	}
	check = check_database(&d->file);
	*useful = check.useful;
	if (check.damage != NULL || !check.useful) {
		MMDB_close(&d->file);
		free(d);
		return check.damage == NULL || refuse(error, error_size, path, unusable, check.damage);
	}
	*g->last = d;
	g->last = &d->next;
	g->count++;
	return true;
}

static int
is_database(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + size - 5, ".mmdb") == 0;
}

/* By bytes, so that the order does not depend on the locale. */
static int
compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Databases of other things (connection types, anonymisers) may lie in the same folder. */
static bool
open_folder(struct geoip *g, const char *path, char *error, size_t error_size)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_database, compare_entries);
	bool done = true, any = false;

	if (count < 0)
		return refuse(error, error_size, path, strerror(errno), "");
	for (int i = 0; i < count; i++) {
		char file[PATH_LIMIT];
		bool useful = false;
		int size = snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);

		free(entries[i]);
		if (!done)
			continue;
		if (size < 0 || (size_t)size >= sizeof(file))
			done = refuse(error, error_size, path, strerror(ENAMETOOLONG), "");
		else
			done = open_file(g, file, &useful, error, error_size);
		any = any || useful;
	}
	free(entries);
	if (done && !any)
		return refuse(error, error_size, path, "no *.mmdb file with countries or autonomous systems in it", "");
	return done;
}

bool
geoip_open(struct geoip *g, const char *path, char *error, size_t error_size)
{
	struct stat st;
	bool useful = false;

	if (stat(path, &st) != 0)
		return refuse(error, error_size, path, strerror(errno), "");
	if (S_ISDIR(st.st_mode))
		return open_folder(g, path, error, error_size);
	if (!open_file(g, path, &useful, error, error_size))
		return false;
	return useful || refuse(error, error_size, path, "has neither countries nor autonomous systems", "");
}

/* Looking up. */

static bool
lookup(const MMDB_s *file, const struct address *a, MMDB_entry_s *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const struct sockaddr *address = address_is_v4(a) ? (const void *)&v4 : (const void *)&v6;
	MMDB_lookup_result_s result;
	int status;

	memcpy(&v4.sin_addr, a->bytes + 12, 4);
	memcpy(&v6.sin6_addr, a->bytes, 16);
	result = MMDB_lookup_sockaddr(file, address, &status);
	*out = result.entry;
	return status == MMDB_SUCCESS && result.found_entry;
}

void
geoip_find(const struct geoip *g, const struct address *a, struct geoip_answer *out)
{
	*out = (struct geoip_answer){ 0 };
	if (!geoip_is_public(a))
		return;
	for (const struct database *d = g->first; d != NULL; d = d->next) {
		MMDB_entry_s entry;

		if (lookup(&d->file, a, &entry))
			read_entry(&entry, out);
	}
}

/*
 * The IANA special-purpose registries of both families, by their column "Globally Reachable", and
 * multicast. The longest prefix decides. IPv6 addresses are listed as they are, IPv4 ones mapped.
 */
enum reach { PRIVATE, PUBLIC, AS_EMBEDDED };

#define V4(a, b, c, d) { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d }
#define V6(...) { __VA_ARGS__ }

static const struct range {
	uint8_t bytes[16];
	uint8_t prefix;    /* of 128 */
	uint8_t reach;     /* enum reach */
	uint8_t embedded;  /* AS_EMBEDDED: where in the address an IPv4 address is */
} ranges[] = {
	{ V4(0, 0, 0, 0), 96, PUBLIC, 0 },
	{ V4(0, 0, 0, 0), 96 + 8, PRIVATE, 0 },         /* RFC 791 3.2 */
	{ V4(10, 0, 0, 0), 96 + 8, PRIVATE, 0 },        /* RFC 1918 */
	{ V4(100, 64, 0, 0), 96 + 10, PRIVATE, 0 },     /* RFC 6598 */
	{ V4(127, 0, 0, 0), 96 + 8, PRIVATE, 0 },       /* RFC 1122 3.2.1.3 */
	{ V4(169, 254, 0, 0), 96 + 16, PRIVATE, 0 },    /* RFC 3927 */
	{ V4(172, 16, 0, 0), 96 + 12, PRIVATE, 0 },     /* RFC 1918 */
	{ V4(192, 0, 0, 0), 96 + 24, PRIVATE, 0 },      /* RFC 6890 2.1 */
	{ V4(192, 0, 0, 9), 96 + 32, PUBLIC, 0 },       /* RFC 7723 */
	{ V4(192, 0, 0, 10), 96 + 32, PUBLIC, 0 },      /* RFC 8155 */
	{ V4(192, 0, 2, 0), 96 + 24, PRIVATE, 0 },      /* RFC 5737 */
	{ V4(192, 88, 99, 0), 96 + 24, PRIVATE, 0 },    /* RFC 7526: withdrawn */
	{ V4(192, 168, 0, 0), 96 + 16, PRIVATE, 0 },    /* RFC 1918 */
	{ V4(198, 18, 0, 0), 96 + 15, PRIVATE, 0 },     /* RFC 2544 */
	{ V4(198, 51, 100, 0), 96 + 24, PRIVATE, 0 },   /* RFC 5737 */
	{ V4(203, 0, 113, 0), 96 + 24, PRIVATE, 0 },    /* RFC 5737 */
	{ V4(224, 0, 0, 0), 96 + 4, PRIVATE, 0 },       /* RFC 5771: multicast */
	{ V4(240, 0, 0, 0), 96 + 4, PRIVATE, 0 },       /* RFC 1112 4, with limited broadcast */
	{ V6(0x20), 3, PUBLIC, 0 },                     /* RFC 4291: all of global unicast that is given out */
	{ V6(0x00, 0x64, 0xff, 0x9b), 96, AS_EMBEDDED, 12 }, /* RFC 6052: NAT64 */
	{ V6(0x20, 0x01), 23, PRIVATE, 0 },             /* RFC 2928, with Teredo, benchmarking, ORCHID */
	{ V6(0x20, 0x01, 0x00, 0x01, [15] = 1), 128, PUBLIC, 0 }, /* RFC 7723 */
	{ V6(0x20, 0x01, 0x00, 0x01, [15] = 2), 128, PUBLIC, 0 }, /* RFC 8155 */
	{ V6(0x20, 0x01, 0x00, 0x01, [15] = 3), 128, PUBLIC, 0 }, /* RFC 9665 */
	{ V6(0x20, 0x01, 0x00, 0x03), 32, PUBLIC, 0 },  /* RFC 7450: AMT */
	{ V6(0x20, 0x01, 0x00, 0x04, 0x01, 0x12), 48, PUBLIC, 0 }, /* RFC 7535: AS112 */
	{ V6(0x20, 0x01, 0x00, 0x20), 28, PUBLIC, 0 },  /* RFC 7343: ORCHIDv2 */
	{ V6(0x20, 0x01, 0x00, 0x30), 28, PUBLIC, 0 },  /* RFC 9374: drone remote identification */
	{ V6(0x20, 0x01, 0x0d, 0xb8), 32, PRIVATE, 0 }, /* RFC 3849 */
	{ V6(0x20, 0x02), 16, AS_EMBEDDED, 2 },         /* RFC 3056: 6to4 */
	{ V6(0x3f, 0xff), 20, PRIVATE, 0 },             /* RFC 9637 */
};

static bool
is_in(const uint8_t *address, const struct range *range)
{
	size_t whole = range->prefix / 8;
	uint8_t bits = range->prefix % 8;

	if (memcmp(address, range->bytes, whole) != 0)
		return false;
	return bits == 0 || ((address[whole] ^ range->bytes[whole]) >> (8 - bits)) == 0;
}

static const struct range *
range_of(const struct address *a)
{
	const struct range *best = NULL;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (is_in(a->bytes, &ranges[i]) && (best == NULL || ranges[i].prefix > best->prefix))
			best = &ranges[i];
	return best;
}

bool
geoip_is_public(const struct address *a)
{
	const struct range *range = range_of(a);
	struct address inner;

	if (range != NULL && range->reach == AS_EMBEDDED) {
		inner = address_from_v4(a->bytes + range->embedded);
		range = range_of(&inner);
	}
	return range != NULL && range->reach == PUBLIC;
}
