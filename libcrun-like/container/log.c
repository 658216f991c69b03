/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The log of a context. See context.h.
 */
#include "base/escape.h"
#include "base/fmt.h"
#include "container/context.h"

void context_log(const struct davit_context *ctx, enum davit_log_level level, const char *format,
		 ...)
{
	char text[ERROR_TEXT_SIZE], shown[ERROR_TEXT_SIZE];
	va_list ap;

	if (!ctx->log || level > ctx->log_level)
		return;
	va_start(ap, format);
	fmt_v(text, sizeof(text), format, ap);
	va_end(ap);
	escape(shown, sizeof(shown), text);
	ctx->log(ctx->log_arg, level, shown);
}

void context_warn(void *arg, const char *text)
{
	context_log(arg, DAVIT_LOG_WARNING, "%s", text);
}

void context_inform(void *arg, const char *text)
{
	context_log(arg, DAVIT_LOG_INFO, "%s", text);
}

void context_warn_failure(void *arg, const struct err *failure)
{
	context_log(arg, DAVIT_LOG_WARNING, "%s", failure->msg);
}

void context_warn_hook(void *arg, const struct err *failure, const char *output)
{
	context_log(arg, DAVIT_LOG_WARNING, "%s%s", failure->msg, output);
}
