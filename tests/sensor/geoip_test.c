/* SPDX-License-Identifier: Apache-2.0 */
/* Country and system of addresses, from databases that are made here (MaxMind DB format 2.0). */
#include <config.h>

#include "tests/sensor/cluster_text.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sensor/geoip.h"

enum { NODE_MAX = 2048, DATA_MAX = 8192, NONE = -1 };

/* A database in the making. A record of a node is NONE, a node's number, or DATA_MAX + offset. */
struct maker {
	int records[NODE_MAX][2];
	int node_count;
	uint8_t data[DATA_MAX];
	size_t data_size;
};

static void
maker_init(struct maker *m)
{
	memset(m, 0, sizeof(*m));
	m->records[0][0] = m->records[0][1] = NONE;
	m->node_count = 1;
}

static void
put(struct maker *m, const void *bytes, size_t size)
{
	assert_true(m->data_size + size <= sizeof(m->data));
	memcpy(m->data + m->data_size, bytes, size);
	m->data_size += size;
}

static void
put_byte(struct maker *m, size_t byte)
{
	uint8_t b = (uint8_t)byte;

	put(m, &b, 1);
}

/* "Data Field Format": the type in the upper three bits, the size in the lower five. */
static void
put_text(struct maker *m, const char *text)
{
	size_t size = strlen(text);

	put_byte(m, 2u << 5 | (size < 29 ? size : 29));
	if (size >= 29) {
		assert_true(size < 29 + 256);
		put_byte(m, size - 29);
	}
	put(m, text, size);
}

static void
put_uint32(struct maker *m, uint32_t v)
{
	put_byte(m, 6u << 5 | 4);
	for (int shift = 24; shift >= 0; shift -= 8)
		put_byte(m, v >> shift & 0xff);
}

static void
put_map(struct maker *m, size_t count)
{
	put_byte(m, 7u << 5 | count);
}

static size_t
country_record(struct maker *m, const char *member, const char *code)
{
	size_t offset = m->data_size;

	put_map(m, 1);
	put_text(m, member);
	put_map(m, 1);
	put_text(m, "iso_code");
	put_text(m, code);
	return offset;
}

static size_t
system_record(struct maker *m, uint32_t number, const char *organization)
{
	size_t offset = m->data_size;

	put_map(m, organization != NULL ? 2 : 1);
	put_text(m, "autonomous_system_number");
	put_uint32(m, number);
	if (organization != NULL) {
		put_text(m, "autonomous_system_organization");
		put_text(m, organization);
	}
	return offset;
}

/* Leads prefix bits of the address to the data at offset. IPv4 lies in ::/96. */
static void
lead(struct maker *m, const char *text, unsigned prefix, size_t offset)
{
	struct address a;
	int node = 0;

	assert_true(address_parse(text, &a));
	if (address_is_v4(&a)) {
		a.bytes[10] = a.bytes[11] = 0;
		prefix += 96;
	}
	for (unsigned i = 0; i < prefix; i++) {
		int *record = &m->records[node][a.bytes[i / 8] >> (7 - i % 8) & 1];

		if (i + 1 == prefix) {
			*record = DATA_MAX + (int)offset;
			break;
		}
		if (*record == NONE) {
			assert_true(m->node_count < NODE_MAX);
			*record = m->node_count;
			m->records[m->node_count][0] = m->records[m->node_count][1] = NONE;
			m->node_count++;
		}
		node = *record;
	}
}

static void
write_records(const struct maker *m, FILE *f)
{
	for (int i = 0; i < m->node_count; i++) {
		for (int side = 0; side < 2; side++) {
			int record = m->records[i][side];
			int value = record == NONE ? m->node_count : record >= DATA_MAX ? m->node_count + 16 + record - DATA_MAX : record;

			(void)fputc(value >> 16 & 0xff, f);
			(void)fputc(value >> 8 & 0xff, f);
			(void)fputc(value & 0xff, f);
		}
	}
}

static void
write_database(const struct maker *m, const char *path)
{
	static const uint8_t separator[16];
	static struct maker meta;
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	write_records(m, f);
	assert_int_equal(fwrite(separator, 1, 16, f), 16);
	assert_int_equal(fwrite(m->data, 1, m->data_size, f), m->data_size);
	maker_init(&meta);
	put(&meta, "\xab\xcd\xefMaxMind.com", 14);
	put_map(&meta, 9);
	put_text(&meta, "node_count");
	put_uint32(&meta, (uint32_t)m->node_count);
	put_text(&meta, "record_size");
	put(&meta, "\xa1\x18", 2);
	put_text(&meta, "ip_version");
	put(&meta, "\xa1\x06", 2);
	put_text(&meta, "database_type");
	put_text(&meta, "Made");
	put_text(&meta, "languages");
	put(&meta, "\x01\x04", 2);
	put_text(&meta, "en");
	put_text(&meta, "binary_format_major_version");
	put(&meta, "\xa1\x02", 2);
	put_text(&meta, "binary_format_minor_version");
	put(&meta, "\xa0", 1);
	put_text(&meta, "build_epoch");
	put(&meta, "\x04\x02\x65\x00\x00\x00", 6);
	put_text(&meta, "description");
	put_map(&meta, 0);
	assert_int_equal(fwrite(meta.data, 1, meta.data_size, f), meta.data_size);
	assert_int_equal(fclose(f), 0);
}

/* A folder of the test's own. */
static char folder[64];

static int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/podwire-geoip-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = { "a.mmdb", "b.mmdb", "c.mmdb", "d.mmdb", "note.txt", ".hidden.mmdb", ".mmdb" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

static const char *
in_folder(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static struct geoip_answer
find(const struct geoip *g, const char *text)
{
	struct geoip_answer answer;
	struct address a;

	assert_true(address_parse(text, &a));
	geoip_find(g, &a, &answer);
	return answer;
}

static void
must_open(struct geoip *g, const char *path)
{
	char error[512] = "";

	if (!geoip_open(g, path, error, sizeof(error)))
		fail_msg("%s", error);
}

static void
assert_refused(struct geoip *g, const char *path, const char *why)
{
	char error[512] = "", expected[512];

	assert_false(geoip_open(g, path, error, sizeof(error)));
	(void)snprintf(expected, sizeof(expected), "%s: %s", path, why);
	assert_string_equal(error, expected);
	assert_false(geoip_open(g, path, error, 0));
}

static void
write_country(const char *name, const char *prefix, const char *code)
{
	static struct maker m;

	maker_init(&m);
	lead(&m, prefix, 24, country_record(&m, "country", code));
	write_database(&m, in_folder(name));
}

static void
write_text(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

static void
lookups(void **state)
{
	struct geoip *g = geoip_new();
	static struct maker m;
	struct geoip_answer answer;

	(void)state;
	maker_init(&m);
	lead(&m, "81.2.69.0", 24, country_record(&m, "country", "GB"));
	lead(&m, "81.2.70.0", 24, country_record(&m, "registered_country", "SE"));
	lead(&m, "81.2.71.0", 24, country_record(&m, "country", "gb"));
	lead(&m, "81.2.72.0", 24, country_record(&m, "country", "GBR"));
	lead(&m, "81.2.73.0", 24, country_record(&m, "continent", "EU"));
	lead(&m, "2a02:100::", 32, country_record(&m, "country", "NL"));
	lead(&m, "10.0.0.0", 8, country_record(&m, "country", "US"));
	write_database(&m, in_folder("a.mmdb"));
	maker_init(&m);
	lead(&m, "81.2.69.0", 25, system_record(&m, 64500, "Example Transit"));
	lead(&m, "81.2.70.0", 24, system_record(&m, 4200000001u, NULL));
	lead(&m, "81.2.71.0", 24, system_record(&m, 0, "Nobody"));
	write_database(&m, in_folder("b.mmdb"));

	answer = find(g, "81.2.69.1");
	assert_string_equal(answer.country, "");
	must_open(g, in_folder("a.mmdb"));
	must_open(g, in_folder("b.mmdb"));
	answer = find(g, "81.2.69.1");
	assert_string_equal(answer.country, "GB");
	assert_int_equal(answer.asn, 64500);
	assert_string_equal(answer.organization, "Example Transit");
	answer = find(g, "81.2.69.200");
	assert_string_equal(answer.country, "GB");
	assert_int_equal(answer.asn, 0);
	assert_string_equal(answer.organization, "");
	answer = find(g, "81.2.70.1");
	assert_string_equal(answer.country, "SE");
	assert_int_equal(answer.asn, 4200000001u);
	assert_string_equal(answer.organization, "");
	assert_string_equal(find(g, "81.2.71.1").country, "");
	assert_int_equal(find(g, "81.2.71.1").asn, 0);
	assert_string_equal(find(g, "81.2.71.1").organization, "");
	assert_string_equal(find(g, "81.2.72.1").country, "");
	assert_string_equal(find(g, "81.2.73.1").country, "");
	assert_string_equal(find(g, "81.2.74.1").country, "");
	assert_string_equal(find(g, "2a02:100::1").country, "NL");
	assert_string_equal(find(g, "2a02:101::1").country, "");
	/* Addresses inside are not looked up, whatever a database says. */
	assert_string_equal(find(g, "10.0.0.1").country, "");
	geoip_free(g);
	geoip_free(NULL);
}

static void
first_database_wins(void **state)
{
	struct geoip *g = geoip_new();

	(void)state;
	write_country("a.mmdb", "81.2.69.0", "GB");
	write_country("b.mmdb", "81.2.69.0", "FR");
	must_open(g, in_folder("b.mmdb"));
	must_open(g, in_folder("a.mmdb"));
	assert_string_equal(find(g, "81.2.69.1").country, "FR");
	geoip_free(g);
}

static void
organizations_are_cleaned(void **state)
{
	static const struct {
		const char *text, *clean;
	} cases[] = {
		{ "Telef\xc3\xb3nica", "Telef\xc3\xb3nica" },
		{ "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x90\x99", "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x90\x99" },
		{ "a\x1b[31mb\nc\x7f", "a?[31mb?c?" },
		{ "a\xc2\x9b" "b", "a?b" },                       /* a C1 control */
		{ "a\xe2\x80\xae" "b\xe2\x81\xa6" "c\xef\xbb\xbf", "a?b?c?" }, /* changes of direction, a mark */
		{ "a\xc3", "a?" },
		{ "a\xc3(", "a?(" },
		{ "\xc0\xaf\xed\xa0\x80\xf5\x80\x80\x80\xff", "??" "???" "????" "?" },
		{ "\xe0\x80\x80\xf0\x80\x80\x80\xf4\x90\x80\x80", "???" "????" "????" },
	};
	static struct maker m;
	char path[128], text[200], expected[129];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct geoip *g = geoip_new();

		maker_init(&m);
		lead(&m, "81.2.69.0", 24, system_record(&m, 1, cases[i].text));
		(void)snprintf(path, sizeof(path), "%s", in_folder("a.mmdb"));
		write_database(&m, path);
		must_open(g, path);
		assert_string_equal(find(g, "81.2.69.1").organization, cases[i].clean);
		geoip_free(g);
	}
	/* Cut between characters. */
	for (size_t before = 0; before < 3; before++) {
		struct geoip *g = geoip_new();
		size_t used = before;

		memset(text, 'x', sizeof(text));
		for (; used + 3 < sizeof(text); used += 3)
			memcpy(text + used, "\xe6\x97\xa5", 3);
		text[used] = '\0';
		(void)snprintf(expected, sizeof(expected), "%.*s", (int)(before + (127 - before) / 3 * 3), text);
		maker_init(&m);
		lead(&m, "81.2.69.0", 24, system_record(&m, 1, text));
		write_database(&m, path);
		must_open(g, path);
		assert_string_equal(find(g, "81.2.69.1").organization, expected);
		geoip_free(g);
	}
}

static void
folders(void **state)
{
	struct geoip *g = geoip_new();
	static struct maker m;
	char error[512], expected[256];

	(void)state;
	remove_folder(NULL);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_refused(g, folder, "no *.mmdb file with countries or autonomous systems in it");
	write_country("b.mmdb", "81.2.69.0", "FR");
	write_country("a.mmdb", "81.2.69.0", "GB");
	write_country(".hidden.mmdb", "81.2.70.0", "SE");
	write_text(".mmdb", "hidden too");
	write_text("note.txt", "no database");
	/* A database of something else. */
	maker_init(&m);
	lead(&m, "81.2.69.0", 24, country_record(&m, "connection", "XX"));
	write_database(&m, in_folder("c.mmdb"));
	must_open(g, folder);
	assert_string_equal(find(g, "81.2.69.1").country, "GB");
	assert_string_equal(find(g, "81.2.70.1").country, "");
	geoip_free(g);

	/* A broken one is told; those before it stay. */
	write_text("b.mmdb", "broken");
	write_country("c.mmdb", "81.2.71.0", "DE");
	g = geoip_new();
	assert_false(geoip_open(g, folder, error, sizeof(error)));
	(void)snprintf(expected, sizeof(expected), "%s/b.mmdb: is no usable MaxMind DB file: ", folder);
	assert_memory_equal(error, expected, strlen(expected));
	assert_string_equal(find(g, "81.2.69.1").country, "GB");
	assert_string_equal(find(g, "81.2.71.1").country, "");
	geoip_free(g);
}

static void
refusals(void **state)
{
	struct geoip *g = geoip_new();
	static struct maker m;
	char error[512];

	(void)state;
	assert_refused(g, "/nonexistent/a.mmdb", "No such file or directory");
	write_text("a.mmdb", "");
	assert_false(geoip_open(g, in_folder("a.mmdb"), error, sizeof(error)));
	assert_non_null(strstr(error, "a.mmdb: "));
	maker_init(&m);
	lead(&m, "81.2.69.0", 24, country_record(&m, "connection", "XX"));
	write_database(&m, in_folder("a.mmdb"));
	assert_refused(g, in_folder("a.mmdb"), "has neither countries nor autonomous systems");
	/* A record that leads nowhere. */
	maker_init(&m);
	lead(&m, "81.2.69.0", 24, country_record(&m, "country", "GB"));
	lead(&m, "81.2.70.0", 24, 5000);
	write_database(&m, in_folder("a.mmdb"));
	assert_refused(g, in_folder("a.mmdb"), "is no usable MaxMind DB file: its search tree is damaged");
	/* Arrays in arrays, deeper than the library follows. */
	maker_init(&m);
	lead(&m, "81.2.69.0", 24, m.data_size);
	for (int i = 0; i < 1000; i++)
		put(&m, "\x01\x04", 2);
	put_map(&m, 0);
	write_database(&m, in_folder("a.mmdb"));
	assert_refused(g, in_folder("a.mmdb"), "is no usable MaxMind DB file: its data section is damaged");
	assert_string_equal(find(g, "81.2.69.1").country, "");
	geoip_free(g);
}

static void
not_too_many(void **state)
{
	struct geoip *g = geoip_new();

	(void)state;
	write_country("a.mmdb", "81.2.69.0", "GB");
	for (int i = 0; i < 64; i++)
		must_open(g, in_folder("a.mmdb"));
	assert_refused(g, in_folder("a.mmdb"), "more databases than 64");
	geoip_free(g);
}

/* Opens bytes as a database, and if that works looks an address up: no crash, visible text. */
static void
try_bytes(int fd, const uint8_t *bytes, size_t size)
{
	struct geoip *g = geoip_new();
	struct geoip_answer answer;
	char error[512] = "", path[64];

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, bytes, size, 0), size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!geoip_open(g, path, error, sizeof(error)))
		assert_string_not_equal(error, "");
	answer = find(g, "81.2.69.1");
	assert_true(strlen(answer.country) == 0 || strlen(answer.country) == 2);
	for (const char *c = answer.organization; *c != '\0'; c++)
		assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
	geoip_free(g);
}

/* Every prefix, and every byte changed in some ways. */
static void
try_damage(uint8_t *bytes, size_t size)
{
	static const uint8_t flips[] = { 0x01, 0x20, 0x80, 0xff };
	int fd = memfd_create("database", MFD_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i <= size; i++)
		try_bytes(fd, bytes, i);
	for (size_t i = 0; i < size * sizeof(flips); i++) {
		bytes[i / sizeof(flips)] ^= flips[i % sizeof(flips)];
		try_bytes(fd, bytes, size);
		bytes[i / sizeof(flips)] ^= flips[i % sizeof(flips)];
	}
	close(fd);
}

static void
damaged_files(void **state)
{
	static uint8_t bytes[16384];
	static struct maker m;
	size_t size;
	pid_t child;
	int status;
	FILE *f;

	(void)state;
	maker_init(&m);
	lead(&m, "81.2.69.0", 24, system_record(&m, 64500, "Example"));
	write_database(&m, in_folder("a.mmdb"));
	f = fopen(in_folder("a.mmdb"), "rb");
	assert_non_null(f);
	size = fread(bytes, 1, sizeof(bytes), f);
	assert_int_equal(fclose(f), 0);
	assert_true(size > 0 && size < sizeof(bytes));
	/* libmaxminddb up to 1.7 loses memory where metadata is damaged: not to be reported as ours. */
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		try_damage(bytes, size);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
public_addresses(void **state)
{
	static const char *const public[] = {
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0",
		"192.0.0.9", "192.0.0.10", "192.0.1.0", "192.0.3.0", "192.31.196.1", "192.52.193.1", "192.167.255.255", "192.169.0.0", "192.175.48.1", "198.17.255.255",
		"198.20.0.0", "223.255.255.255", "2001:1::1", "2001:1::2", "2001:1::3", "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:2f::1", "2001:30::1", "2001:200::1", "2001:4860:4860::8888",
		"2606:4700::1111", "2620:4f:8000::1", "2a00::1", "3fff:1000::1", "2002:0101:0101::1", "64:ff9b::1.1.1.1", "::ffff:8.8.8.8",
	};
	static const char *const private[] = {
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "169.254.169.254", "172.16.0.0", "172.31.255.255",
		"192.0.0.0", "192.0.0.8", "192.0.0.11", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::1.1.1.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "100:0:0:1::1", "2001::1", "2001:1::4", "2001:2::1", "2001:10::1",
		"2001:1ff::1", "2001:db8::1", "2002:0a00:0001::1", "3fff::1", "3fff:fff::1", "4000::1", "5f00::1", "fc00::1", "fd00::1", "fe80::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1",
	};
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
		assert_true(address_parse(public[i], &a));
		if (!geoip_is_public(&a))
			fail_msg("%s is public", public[i]);
	}
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
		assert_true(address_parse(private[i], &a));
		if (geoip_is_public(&a))
			fail_msg("%s is not public", private[i]);
	}
}

/* The format's authors' own test files. */
static void
recorded_databases(void **state)
{
	struct geoip *g = geoip_new();
	char path[4096];

	(void)state;
	if (!shared_path(path, sizeof(path), "geoip/GeoLite2-Country-Test.mmdb")) {
		geoip_free(g);
		return;
	}
	must_open(g, path);
	assert_true(shared_path(path, sizeof(path), "geoip/GeoLite2-ASN-Test.mmdb"));
	must_open(g, path);
	assert_string_equal(find(g, "81.2.69.142").country, "GB");
	assert_string_equal(find(g, "2001:218::1").country, "JP");
	assert_int_equal(find(g, "1.128.0.1").asn, 1221);
	assert_string_equal(find(g, "1.128.0.1").organization, "Telstra Pty Ltd");
	geoip_free(g);
}

static void
recorded_damage(void **state)
{
	static const char *const names[] = {
		"geoip/GeoIP2-City-Test-Invalid-Node-Count.mmdb",
		"geoip/bad-libmaxminddb-corrupt-search-tree.mmdb",
		"geoip/bad-libmaxminddb-deep-array-nesting.mmdb",
		"geoip/bad-libmaxminddb-deep-nesting.mmdb",
		"geoip/bad-libmaxminddb-empty-array-last-in-metadata.mmdb",
	};
	struct geoip *g = geoip_new();
	char path[4096], error[512];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!shared_path(path, sizeof(path), names[i])) {
			geoip_free(g);
			return;
		}
		assert_false(geoip_open(g, path, error, sizeof(error)));
		assert_memory_equal(error, path, strlen(path));
		assert_null(strchr(error, '\n'));
		print_message("%s\n", error);
	}
	assert_string_equal(find(g, "1.1.1.1").country, "");
	geoip_free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookups),
		cmocka_unit_test(first_database_wins),
		cmocka_unit_test(organizations_are_cleaned),
		cmocka_unit_test(folders),
		cmocka_unit_test(refusals),
		cmocka_unit_test(not_too_many),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(public_addresses),
		cmocka_unit_test(recorded_databases),
		cmocka_unit_test(recorded_damage),
	};

	return cmocka_run_group_tests_name("sensor/geoip", tests, make_folder, remove_folder);
}
