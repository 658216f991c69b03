/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fmt.h. The output is bounded, and the return value tells what was cut off.
 */
#include "fmt.h"

#include <string.h>

struct out {
	char *buf;
	size_t size, len;
};

struct spec {
	unsigned width, precision;
	bool zero, minus, has_precision;
	unsigned longs; /* 0 int, 1 long or size_t, 2 long long */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_padded(struct out *o, const char *s, size_t len, const struct spec *spec)
{
	size_t pad = spec->width > len ? spec->width - len : 0;

	for (size_t i = 0; !spec->minus && i < pad; i++)
		put(o, spec->zero ? '0' : ' ');
	for (size_t i = 0; i < len; i++)
		put(o, s[i]);
	for (size_t i = 0; spec->minus && i < pad; i++)
		put(o, ' ');
}

static void put_number(struct out *o, unsigned long long v, unsigned base, bool negative,
		       const struct spec *spec)
{
	char digits[32];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (negative)
		digits[--at] = '-';
	put_padded(o, digits + at, sizeof(digits) - at, spec);
}

static void put_string(struct out *o, const char *s, const struct spec *spec)
{
	size_t len;

	if (!s)
		s = "(none)";
	len = spec->has_precision ? strnlen(s, spec->precision) : strlen(s);
	put_padded(o, s, len, spec);
}

static const char *read_spec(const char *f, struct spec *spec, va_list *ap)
{
	*spec = (struct spec){ 0 };
	for (; *f == '0' || *f == '-'; f++)
		*(*f == '0' ? &spec->zero : &spec->minus) = true;
	for (; *f >= '0' && *f <= '9'; f++)
		spec->width = spec->width * 10 + (unsigned)(*f - '0');
	if (*f == '.') {
		spec->has_precision = true;
		f++;
		if (*f == '*') {
			int given = va_arg(*ap, int);

			spec->precision = given > 0 ? (unsigned)given : 0;
			f++;
		}
		for (; *f >= '0' && *f <= '9'; f++)
			spec->precision = spec->precision * 10 + (unsigned)(*f - '0');
	}
	for (; *f == 'l' || *f == 'z'; f++)
		spec->longs++;
	return f;
}

static void put_signed(struct out *o, const struct spec *spec, va_list *ap)
{
	long long v = spec->longs > 1    ? va_arg(*ap, long long)
		      : spec->longs == 1 ? va_arg(*ap, long)
					 : va_arg(*ap, int);

	put_number(o, v < 0 ? 0 - (unsigned long long)v : (unsigned long long)v, 10, v < 0, spec);
}

static void put_unsigned(struct out *o, unsigned base, const struct spec *spec, va_list *ap)
{
	unsigned long long v = spec->longs > 1    ? va_arg(*ap, unsigned long long)
			       : spec->longs == 1 ? va_arg(*ap, unsigned long)
						  : va_arg(*ap, unsigned int);

	put_number(o, v, base, false, spec);
}

size_t fmt_v(char *buf, size_t size, const char *f, va_list args)
{
	struct out o = { .buf = buf, .size = size };
	va_list ap;

	va_copy(ap, args);
	for (; *f; f++) {
		struct spec spec;

		if (*f != '%') {
			put(&o, *f);
			continue;
		}
		f = read_spec(f + 1, &spec, &ap);
		if (!*f)
			break;
		if (*f == 's')
			put_string(&o, va_arg(ap, const char *), &spec);
		else if (*f == 'c')
			put(&o, (char)va_arg(ap, int));
		else if (*f == 'd' || *f == 'i')
			put_signed(&o, &spec, &ap);
		else if (*f == 'u' || *f == 'x' || *f == 'o')
			put_unsigned(&o, *f == 'u' ? 10 : *f == 'x' ? 16 : 8, &spec, &ap);
		else
			put(&o, *f);
	}
	va_end(ap);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return o.len;
}

size_t fmt(char *buf, size_t size, const char *f, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, f);
	len = fmt_v(buf, size, f, ap);
	va_end(ap);
	return len;
}
