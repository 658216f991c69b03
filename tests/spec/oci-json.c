/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * oci-spec/ for scripts: decodes, encodes and checks documents and prints what came of it. The
 * judgement is the scripts'. `lines` does for each line of a file, as a document of its own, what
 * `check` does for a file, each under a line "= NUMBER", so that hundreds of cases need one
 * process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "oci-spec/features.h"
#include "oci-spec/json.h"
#include "oci-spec/state.h"
#include "oci-spec/table.h"

struct text {
	char *data;
	size_t len;
};

static struct text read_file(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct text t = { NULL, 0 };
	size_t size = 0, n = 1;

	if (!f) {
		perror(path);
		exit(2);
	}
	while (n) {
		size = size ? size * 2 : 65536;
		t.data = realloc(t.data, size);
		if (!t.data)
			exit(2);
		n = fread(t.data + t.len, 1, size - t.len, f);
		t.len += n;
		if (n && t.len < size)
			size = t.len;
	}
	if (f != stdin)
		fclose(f);
	return t;
}

static void print_error(const struct err *e)
{
	char text[1024];

	err_format(e, text, sizeof(text));
	printf("%s\t%s\t%u:%u\t%s\n", err_kind_word(e->kind), e->pointer, e->line, e->column, text);
}

struct found {
	const char *text;
	size_t len;
	size_t count;
};

static bool print_violation(void *arg, const struct err *violation)
{
	struct found *f = arg;
	struct err e = *violation;

	oci_find_line(f->text, f->len, &e);
	print_error(&e);
	f->count++;
	return true;
}

/* Decodes and checks; prints "ok" or the errors. */
static bool check(const char *text, size_t len, const char *name)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_config *c;
	struct found f = { text, len, 0 };

	if (oci_config_decode(&a, text, len, name, &c, &e) < 0) {
		print_error(&e);
		f.count++;
	} else {
		oci_config_check(c, print_violation, &f);
	}
	if (!f.count)
		puts("ok");
	arena_release(&a);
	return !f.count;
}

static int cmd_check(const char *path)
{
	struct text t = read_file(path);

	bool is_good = check(t.data, t.len, "config.json");

	free(t.data);
	return !is_good;
}

static int cmd_lines(const char *path)
{
	struct text t = read_file(path);
	char *end = t.data + t.len;
	size_t number = 0;

	for (char *line = t.data, *next; line < end; line = next + 1) {
		char *copy;

		next = memchr(line, '\n', end - line);
		if (!next)
			next = end;
		/* A block of its own, so that a sanitizer sees reads past its end. */
		copy = malloc(next > line ? next - line : 1);
		if (!copy)
			return 2;
		memcpy(copy, line, next - line);
		printf("= %zu\n", ++number);
		check(copy, next - line, "line");
		free(copy);
		if (next == end)
			break;
	}
	free(t.data);
	return 0;
}

/* Each proper prefix of the document must be refused. */
static int cmd_truncate(const char *path)
{
	struct text t = read_file(path);

	while (t.len && strchr(" \n\t\r", t.data[t.len - 1]))
		t.len--;
	for (size_t len = 0; len < t.len; len++) {
		struct arena a = { 0 };
		struct err e = { 0 };
		struct oci_config *c;
		char *copy = malloc(len ? len : 1);

		memcpy(copy, t.data, len);
		if (oci_config_decode(&a, copy, len, "config.json", &c, &e) >= 0 ||
		    e.kind != ERR_JSON || !e.line || !e.column) {
			printf("accepted, or badly refused, at %zu bytes\n", len);
			return 1;
		}
		free(copy);
		arena_release(&a);
	}
	free(t.data);
	return 0;
}

static int encode(const char *path, const struct oci_object *object, bool pretty)
{
	struct text t = read_file(path);
	const struct oci_document doc = { t.data, t.len, path, NULL, NULL };
	struct arena a = { 0 };
	struct err e = { 0 };
	void *decoded;
	char *out;
	size_t len;

	if (oci_decode(&a, object, &doc, &decoded, &e) < 0) {
		print_error(&e);
		return 1;
	}
	out = oci_encode(&a, object, decoded, pretty, &len);
	if (!out || strlen(out) != len)
		return 2;
	fwrite(out, 1, len, stdout);
	arena_release(&a);
	free(t.data);
	return 0;
}

static int cmd_decode_encode(const char *path)
{
	return encode(path, &oci_config_object, false);
}

static int cmd_decode_encode_pretty(const char *path)
{
	return encode(path, &oci_config_object, true);
}

static int cmd_features(const char *path)
{
	return encode(path, &oci_features_object, false);
}

static int cmd_state(const char *path)
{
	return encode(path, &oci_state_object, false);
}

static int cmd_process(const char *path)
{
	return encode(path, &oci_process_object, false);
}

static int cmd_resources(const char *path)
{
	return encode(path, &oci_resources_object, false);
}

static void print_property(void *arg, const char *pointer, const char *type)
{
	(void)arg;
	printf("%s\t%s\n", pointer, type);
}

static int cmd_properties(const char *document)
{
	if (!strcmp(document, "config"))
		oci_config_properties(print_property, NULL);
	else
		oci_properties(!strcmp(document, "state") ? &oci_state_object
							  : &oci_features_object,
			       print_property, NULL);
	return 0;
}

static void print_unknown(void *arg, const char *pointer, unsigned line)
{
	(void)arg;
	printf("%s\t%u\n", pointer, line);
}

static int cmd_unknown(const char *path)
{
	struct text t = read_file(path);
	struct err e = { 0 };

	if (oci_config_unknown_keys(t.data, t.len, path, print_unknown, NULL, &e) < 0)
		print_error(&e);
	free(t.data);
	return e.code != 0;
}

static bool count_violation(void *arg, const struct err *violation)
{
	(void)violation;
	++*(size_t *)arg;
	return true;
}

/* Mean of decoding and checking, in microseconds. */
static int cmd_time(const char *path)
{
	enum {
		ROUNDS = 2000
	};
	struct text t = read_file(path);
	struct timespec from, to;
	size_t count = 0;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < ROUNDS; i++) {
		struct arena a = { 0 };
		struct err e = { 0 };
		struct oci_config *c;

		if (oci_config_decode(&a, t.data, t.len, path, &c, &e) < 0)
			return 1;
		oci_config_check(c, count_violation, &count);
		arena_release(&a);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	free(t.data);
	printf("%.1f\n",
	       ((to.tv_sec - from.tv_sec) * 1e6 + (to.tv_nsec - from.tv_nsec) / 1e3) / ROUNDS);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const char *arg);
} commands[] = {
	{ "check", cmd_check },
	{ "lines", cmd_lines },
	{ "truncate", cmd_truncate },
	{ "decode-encode", cmd_decode_encode },
	{ "decode-encode-pretty", cmd_decode_encode_pretty },
	{ "features", cmd_features },
	{ "state", cmd_state },
	{ "process", cmd_process },
	{ "resources", cmd_resources },
	{ "properties", cmd_properties },
	{ "unknown", cmd_unknown },
	{ "time", cmd_time },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argv[2]);
	fprintf(stderr, "usage: oci-json COMMAND FILE; see oci-json.c\n");
	return 2;
}
