/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/json_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "workers/metrics/page.h"
#include "workers/worker_health.h"

#define FILE_MODE 0640

struct json_file {
	struct metricsd *d;
	struct loop *loop;
	char *path; /* NULL: none */
	ev_timer interval;
	struct page *page; /* being made */
	bool told;         /* that it cannot be written */
};

/* ---- the file ------------------------------------------------------------------ */

/* A disk that is full takes half of a line: that goes again. */
static enum ms_err
append(int fd, struct slice text, off_t before, bool regular)
{
	size_t done = 0;
	int error;

	while (done < text.len) {
		ssize_t n = write(fd, text.ptr + done, text.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == text.len)
		return MS_OK;
	error = errno;
	if (regular && ftruncate(fd, before) != 0)
		log_debug("half a line stays", "errno=%d", errno);
	errno = error;
	return MS_EIO;
}

enum ms_err
json_file_append(const char *path, struct slice text, struct why *why)
{
	int fd = open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, FILE_MODE);
	enum ms_err err = MS_EIO;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0)
		err = append(fd, text, st.st_size, S_ISREG(st.st_mode));
	if (err)
		why_set(why, err, "%s: %s", path, strerror(errno));
	fd_close(&fd);
	return err;
}

/* ---- every interval ------------------------------------------------------------- */

static size_t
count_lines(struct slice text)
{
	struct slice line;
	size_t n = 0;

	while (slice_cut(&text, '\n', &line))
		n++;
	return n;
}

/* Once for each time that it goes wrong. */
static void
tell(struct json_file *f, enum ms_err err, const struct why *why)
{
	if (err && !f->told)
		log_warn("numbers are not written", "error=%s",
		    LOGQ(why->text));
	else if (!err && f->told)
		log_info("numbers are written again", "path=%s", LOGQ(f->path));
	f->told = err != MS_OK;
}

static void
on_page(void *arg)
{
	struct json_file *f = arg;
	struct slice text = page_text(f->page);
	struct why why = { "" };
	enum ms_err err = json_file_append(f->path, text, &why);

	metric_add(f->d->own[err ? OWN_JSON_LOST : OWN_JSON_LINES],
	    count_lines(text));
	tell(f, err, &why);
	page_free(&f->page);
}

static void
on_interval(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct json_file *f = container_of(timer, struct json_file, interval);

	(void)ev;
	(void)events;
	loop_timer_start(f->loop, &f->interval, f->d->conf.interval_ms);
	if (!f->page)
		f->page = page_new(f->d, EXPO_JSON, on_page, f);
}

/* ---- the module -------------------------------------------------------------------- */

static void
begin(struct json_file *f)
{
	f->path = f->d->conf.json_file ? xstrdup(f->d->conf.json_file) : NULL;
	if (f->path)
		loop_timer_start(f->loop, &f->interval, 0);
}

static void
end(struct json_file *f)
{
	loop_timer_stop(f->loop, &f->interval);
	page_free(&f->page);
	free(f->path);
	f->path = NULL;
	f->told = false;
}

static enum ms_err
start(struct metricsd *d, void **self_r, struct why *why)
{
	struct json_file *f = xcalloc(1, sizeof(*f));

	(void)why;
	f->d = d;
	f->loop = worker_loop(d->w);
	ev_init(&f->interval, on_interval);
	begin(f);
	*self_r = f;
	return MS_OK;
}

static void
reload(void *self)
{
	struct json_file *f = self;

	if (metricsd_same_text(f->path, f->d->conf.json_file))
		return;
	end(f);
	begin(f);
}

static void
health(void *self, struct worker *w)
{
	const struct json_file *f = self;

	if (f->path)
		health_say(w, "json_file", f->path,
		    f->told ? HEALTH_DEGRADED : HEALTH_OK, "%s",
		    f->told ? "it cannot be written, see the log"
			    : "it is written");
}

static void
stop(void *self)
{
	end(self);
	free(self);
}

const struct module json_file_module = {
	.name = "json_file",
	.start = start,
	.reload = reload,
	.health = health,
	.stop = stop,
};
