/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * davit-systemd: what davit says to systemd, by D-Bus. One request on standard input, one answer on
 * standard output (setup/resources/systemd_protocol.h), and it ends. davit starts it; it is of no
 * use to anybody else, and has no more rights than who starts it.
 *
 * The job of a transient unit is waited for by its signal. A manager that was executed again
 * meanwhile may not send it: so once in a while the unit is looked at, too. How long that takes is
 * counted in looks that were answered: a manager that is busy with itself, on a machine that is
 * busy as well, answers nobody for more than half a minute, and nothing is wrong then.
 */
#include "helpers/systemd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

enum {
	DROPPED_MAX = 16,
	LOOK_USEC = 1000000,
	LOOKS_MAX = 30, /* a second each, where nothing else is waited for */
	CONNECT_TRIES = 50,
	PAUSE_MSEC = 100
};

static const char service[] = "org.freedesktop.systemd1";
static const char manager_path[] = "/org/freedesktop/systemd1";
static const char manager[] = "org.freedesktop.systemd1.Manager";
static const char unit_interface[] = "org.freedesktop.systemd1.Unit";
static const char no_such_unit[] = "org.freedesktop.systemd1.NoSuchUnit";

struct call {
	sd_bus *bus;
	const struct request *request;
	uint64_t deadline; /* usec */
	sd_bus_error error;
	const char *dropped[DROPPED_MAX]; /* properties that this systemd does not know */
	size_t dropped_count;
	char *job;
	char result[32]; /* of the job */
	char words[256]; /* when there is no D-Bus error to tell */
};

static uint64_t now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- the request ----------------------------------------------------------------------------- */

static int read_request(struct request *r)
{
	const char *at = r->text, *greeting;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, r->text + r->len, SYSTEMD_REQUEST_MAX - r->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		r->len += (size_t)n;
	}
	if (r->len == 0 || r->len == SYSTEMD_REQUEST_MAX || r->text[r->len - 1])
		return -EBADMSG;
	greeting = request_next(r, &at);
	if (strcmp(greeting, SYSTEMD_GREETING) != 0)
		return -EPROTO;
	r->verb = request_next(r, &at);
	r->manager = request_next(r, &at);
	r->unit = request_next(r, &at);
	r->properties = at;
	return r->unit && *r->unit ? 0 : -EBADMSG;
}

/* --- properties ------------------------------------------------------------------------------ */

static bool is_dropped(const struct call *c, const char *name)
{
	for (size_t i = 0; i < c->dropped_count; i++)
		if (strcmp(c->dropped[i], name) == 0)
			return true;
	return false;
}

static int append_property(sd_bus_message *m, const struct call *c, const char *name,
			   const char **at)
{
	const struct request *r = c->request;
	const char *sig = request_next(r, at);
	int e;

	if (!sig || value_type_len(sig) != strlen(sig))
		return -EBADMSG;
	if (is_dropped(c, name))
		return value_skip(r, at);
	e = sd_bus_message_open_container(m, SD_BUS_TYPE_STRUCT, "sv");
	if (e >= 0)
		e = sd_bus_message_append_basic(m, 's', name + (*name == '?'));
	if (e >= 0)
		e = sd_bus_message_open_container(m, SD_BUS_TYPE_VARIANT, sig);
	if (e >= 0)
		e = value_append(m, r, at, sig);
	if (e >= 0)
		e = sd_bus_message_close_container(m);
	return e >= 0 ? sd_bus_message_close_container(m) : e;
}

static int append_properties(sd_bus_message *m, const struct call *c)
{
	const char *at = c->request->properties, *name;
	int e = sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "(sv)");

	while (e >= 0 && (name = request_next(c->request, &at)))
		e = append_property(m, c, name, &at);
	return e >= 0 ? sd_bus_message_close_container(m) : e;
}

/* --- calls ----------------------------------------------------------------------------------- */

static int send_message(struct call *c, sd_bus_message *m, sd_bus_message **ret)
{
	uint64_t now = now_usec();

	sd_bus_error_free(&c->error);
	if (now >= c->deadline)
		return -ETIMEDOUT;
	return sd_bus_call(c->bus, m, c->deadline - now, &c->error, ret);
}

/* A method of the manager's with a text, or with none. */
static int ask_manager(struct call *c, const char *method, const char *text, sd_bus_error *error,
		       sd_bus_message **ret)
{
	sd_bus_message *m = NULL;
	uint64_t now = now_usec();
	int r = sd_bus_message_new_method_call(c->bus, &m, service, manager_path, manager, method);

	if (r >= 0 && text)
		r = sd_bus_message_append(m, "s", text);
	if (r >= 0)
		r = now >= c->deadline ? -ETIMEDOUT
				       : sd_bus_call(c->bus, m, c->deadline - now, error, ret);
	sd_bus_message_unref(m);
	return r;
}

static int on_job_removed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct call *c = arg;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (c->job && strcmp(path, c->job) == 0)
		(void)snprintf(c->result, sizeof(c->result), "%s", result);
	return 0;
}

static bool is_error(const struct call *c, const char *name)
{
	return sd_bus_error_has_name(&c->error, name);
}

/* 0: it has none. */
static int get_job(struct call *c, const char *path, uint32_t *ret)
{
	sd_bus_message *reply = NULL;
	const char *job;
	int r = sd_bus_get_property(c->bus, service, path, unit_interface, "Job", NULL, &reply,
				    "(uo)");

	if (r >= 0)
		r = sd_bus_message_read(reply, "(uo)", ret, &job);
	sd_bus_message_unref(reply);
	return r;
}

struct state {
	char *active; /* ActiveState, or "gone" */
	uint32_t job;
};

static int get_state(struct call *c, struct state *ret)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *path;
	int r = ask_manager(c, "GetUnit", c->request->unit, &error, &reply);

	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	/* The job first: none any more, and not active then, is the end of it. */
	if (r >= 0)
		r = get_job(c, path, &ret->job);
	if (r >= 0)
		r = sd_bus_get_property_string(c->bus, service, path, unit_interface, "ActiveState",
					       NULL, &ret->active);
	else if (sd_bus_error_has_name(&error, no_such_unit))
		r = (ret->active = strdup("gone")) ? 0 : -ENOMEM;
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return r;
}

enum look {
	LOOK_NO_ANSWER,
	LOOK_GOES_ON,
	LOOK_DONE,
	LOOK_FAILED,
	LOOK_LOST /* to be started, and neither there nor going to be: the manager has forgotten it
		   */
};

/* What the unit is doing when no signal has told. */
static enum look look_at_unit(struct call *c, bool is_start)
{
	struct state state = { 0 };
	enum look found = LOOK_GOES_ON;
	bool has_failed, is_gone;

	if (get_state(c, &state) < 0)
		return LOOK_NO_ANSWER;
	has_failed = strcmp(state.active, "failed") == 0;
	is_gone = has_failed || strcmp(state.active, "inactive") == 0 ||
		  strcmp(state.active, "gone") == 0;
	if (is_start ? strcmp(state.active, "active") == 0 : is_gone)
		found = LOOK_DONE;
	else if (has_failed)
		found = LOOK_FAILED;
	else if (is_start && is_gone && !state.job)
		found = LOOK_LOST;
	free(state.active);
	return found;
}

/* What has come already, the job's signal perhaps. */
static int take_signals(struct call *c)
{
	int r;

	do
		r = sd_bus_process(c->bus, NULL);
	while (r > 0);
	return r;
}

static int judge_job(struct call *c)
{
	/* Before strcmp(): behind it gcc 12 with the sanitizers takes the array for NULL. */
	(void)snprintf(c->words, sizeof(c->words), "its job ended with \"%s\"", c->result);
	if (strcmp(c->result, "done") == 0) {
		c->words[0] = '\0';
		return 0;
	}
	return strcmp(c->result, "timeout") == 0 ? -ETIMEDOUT : -EIO;
}

/* -EAGAIN: it is to be started once more. */
static int wait_for_job(struct call *c, bool is_start)
{
	uint64_t next_look = now_usec() + LOOK_USEC;
	unsigned looks = 0;

	for (;;) {
		enum look found = LOOK_NO_ANSWER;
		int r;

		if (now_usec() >= next_look) {
			found = look_at_unit(c, is_start);
			next_look = now_usec() + LOOK_USEC;
		}
		r = take_signals(c);
		if (*c->result)
			return judge_job(c);
		if (r < 0)
			return r;
		if (found == LOOK_LOST)
			return -EAGAIN;
		if (found == LOOK_DONE || found == LOOK_FAILED) {
			(void)snprintf(c->result, sizeof(c->result), "%s",
				       found == LOOK_DONE ? "done" : "failed");
			return judge_job(c);
		}
		looks += found == LOOK_GOES_ON;
		if (looks > LOOKS_MAX || now_usec() >= c->deadline)
			return -ETIMEDOUT;
		r = sd_bus_wait(c->bus, LOOK_USEC / 4);
		if (r < 0 && r != -EINTR)
			return r;
	}
}

/* The manager is being executed again, or the bus lost it with the call on its way: it may have
 * been heard or not. TimedOut is the bus' own word when the manager has not come back to it yet. */
static bool is_lost(const struct call *c)
{
	return is_error(c, SD_BUS_ERROR_NO_REPLY) || is_error(c, SD_BUS_ERROR_DISCONNECTED) ||
	       is_error(c, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	       is_error(c, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
	       is_error(c, "org.freedesktop.DBus.Error.TimedOut");
}

/* False: the time is up. */
static bool wait_a_moment(const struct call *c)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MSEC * 1000000L };

	nanosleep(&pause, NULL);
	return now_usec() < c->deadline;
}

static int reset_failed(struct call *c)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = ask_manager(c, "ResetFailedUnit", c->request->unit, &error, NULL);

	/* It has gone by itself. */
	if (sd_bus_error_has_name(&error, no_such_unit))
		r = 0;
	sd_bus_error_free(&error);
	return r;
}

/* An optional property that the error names is left out from now on. */
static bool drop_unknown(struct call *c)
{
	const struct request *r = c->request;
	const char *at = r->properties, *name;

	if (!c->error.message || c->dropped_count == DROPPED_MAX)
		return false;
	while ((name = request_next(r, &at))) {
		if (*name == '?' && !is_dropped(c, name) && strstr(c->error.message, name + 1)) {
			c->dropped[c->dropped_count++] = name;
			return true;
		}
		if (!request_next(r, &at) || value_skip(r, &at) < 0)
			return false;
	}
	return false;
}

static int take_job(struct call *c, sd_bus_message *reply)
{
	const char *path;
	int r = sd_bus_message_read(reply, "o", &path);

	if (r < 0)
		return r;
	c->result[0] = '\0';
	free(c->job);
	c->job = strdup(path);
	return c->job ? 0 : -ENOMEM;
}

static int watch_jobs(struct call *c)
{
	int is_bus = sd_bus_is_bus_client(c->bus);
	int r = sd_bus_match_signal(c->bus, NULL, is_bus > 0 ? service : NULL, manager_path,
				    manager, "JobRemoved", on_job_removed, c);

	/* Whoever has not subscribed may not get signals at all. */
	while (r >= 0) {
		sd_bus_error_free(&c->error);
		r = ask_manager(c, "Subscribe", NULL, &c->error, NULL);
		if (r >= 0 || !is_lost(c) || !wait_a_moment(c))
			return r;
		r = 0;
	}
	return r;
}

static int start_once(struct call *c, sd_bus_message **reply)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(c->bus, &m, service, manager_path, manager,
					       "StartTransientUnit");

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", c->request->unit, "fail");
	if (r >= 0)
		r = append_properties(m, c);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r >= 0)
		r = send_message(c, m, reply);
	sd_bus_message_unref(m);
	return r;
}

/* 1: it is another call's already, one whose answer was lost perhaps. */
static int start_again(struct call *c)
{
	bool has_reset = false, was_lost = false;
	sd_bus_message *reply = NULL;
	int r;

	while ((r = start_once(c, &reply)) < 0) {
		bool exists = is_error(c, "org.freedesktop.systemd1.UnitExists");

		if (drop_unknown(c))
			continue;
		if (is_lost(c) && wait_a_moment(c)) {
			was_lost = true;
			continue;
		}
		/* The lost call was heard; whose it is, davit sees by where its process is. */
		if (exists && was_lost)
			return 1;
		/* One of that name which has failed, and that nobody has forgotten. */
		if (!exists || has_reset || reset_failed(c) < 0)
			return r;
		has_reset = true;
	}
	r = take_job(c, reply);
	sd_bus_message_unref(reply);
	return r;
}

static int start_unit(struct call *c)
{
	int r = watch_jobs(c);

	if (r < 0)
		return r;
	do {
		r = start_again(c);
		if (r >= 0)
			r = wait_for_job(c, true);
	} while (r == -EAGAIN && wait_a_moment(c));
	return r == -EAGAIN ? -ETIMEDOUT : r;
}

static int stop_once(struct call *c, sd_bus_message **reply)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(c->bus, &m, service, manager_path, manager,
					       "StopUnit");

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", c->request->unit, "replace");
	if (r >= 0)
		r = send_message(c, m, reply);
	sd_bus_message_unref(m);
	return r;
}

static int stop_unit(struct call *c)
{
	sd_bus_message *reply = NULL;
	int r = watch_jobs(c);

	if (r < 0)
		return r;
	while ((r = stop_once(c, &reply)) < 0) {
		if (is_error(c, no_such_unit))
			return 0;
		if (!is_lost(c) || !wait_a_moment(c))
			return r;
	}
	r = take_job(c, reply);
	sd_bus_message_unref(reply);
	if (r >= 0)
		r = wait_for_job(c, false);
	return r < 0 ? r : reset_failed(c);
}

static int set_once(struct call *c)
{
	sd_bus_message *m = NULL, *reply = NULL;
	int r = sd_bus_message_new_method_call(c->bus, &m, service, manager_path, manager,
					       "SetUnitProperties");

	if (r >= 0)
		r = sd_bus_message_append(m, "sb", c->request->unit, 1);
	if (r >= 0)
		r = append_properties(m, c);
	if (r >= 0)
		r = send_message(c, m, &reply);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return r;
}

static int set_properties(struct call *c)
{
	int r;

	do
		r = set_once(c);
	while (r < 0 && (drop_unknown(c) || (is_lost(c) && wait_a_moment(c))));
	/* systemd answers first and writes the unit's files before it hears the next call. Its
	 * properties are changed, whatever becomes of that. */
	if (r >= 0)
		(void)sd_bus_call_method(c->bus, service, manager_path, "org.freedesktop.DBus.Peer",
					 "Ping", NULL, NULL, NULL);
	return r;
}

/* --- all of it -----------------------------------------------------------------------------------
 */

static int connect_bus(struct call *c)
{
	bool is_user = strcmp(c->request->manager, "user") == 0;
	int r, tries = 0;

	/* A unix socket whose queue is full says so. */
	do
		r = is_user ? bus_open_user(&c->bus) : bus_open_system(&c->bus);
	while (r == -EAGAIN && ++tries < CONNECT_TRIES && wait_a_moment(c));
	if (r < 0)
		(void)snprintf(c->words, sizeof(c->words), "connect to the %s bus",
			       is_user ? "user" : "system");
	return r;
}

/* --- the answer ------------------------------------------------------------------------------ */

static int answer(const struct call *c, int r)
{
	char text[SYSTEMD_ANSWER_MAX];
	const char *name = c->error.name ? c->error.name : "";
	const char *words = c->error.message ? c->error.message : c->words;
	size_t len = 0;
	int n;

	if (r >= 0)
		n = snprintf(text, sizeof(text), "ok%c", '\0');
	else
		n = snprintf(text, sizeof(text), "error%c%d%c%.200s%c%.1000s%c", '\0', -r, '\0',
			     name, '\0', words, '\0');
	while (len < (size_t)n) {
		ssize_t w = write(STDOUT_FILENO, text + len, (size_t)n - len);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return EXIT_FAILURE;
		len += (size_t)w;
	}
	return EXIT_SUCCESS;
}

static int perform(struct call *c)
{
	static const struct {
		const char *verb;
		int (*run)(struct call *c);
	} verbs[] = {
		{ SYSTEMD_START, start_unit },
		{ SYSTEMD_STOP, stop_unit },
		{ SYSTEMD_FORGET, reset_failed },
		{ SYSTEMD_SET, set_properties },
	};
	int r;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].verb, c->request->verb) != 0)
			continue;
		r = connect_bus(c);
		return r < 0 ? r : verbs[i].run(c);
	}
	return -EBADMSG;
}

int main(void)
{
	struct request *request = calloc(1, sizeof(*request));
	struct call c = { .request = request, .error = SD_BUS_ERROR_NULL };
	int r = request ? read_request(request) : -ENOMEM;

	c.deadline = now_usec() + SYSTEMD_ANSWER_MSEC * UINT64_C(1000);
	if (r == 0)
		r = perform(&c);
	return answer(&c, r);
}
