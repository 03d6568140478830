/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl status --lsb`: what init scripts answer.  Who does not answer on the
 * socket is judged by the pid file beside it; a number that now belongs to
 * another program is a dead msd.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "proto/contract.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/verbs.h"

#define SMALL_FILE_BYTES 4096u
#define ANSWER_MS        3000u /* longer is no answer for a boot script */

enum lsb_status {
	LSB_RUNNING = 0,
	LSB_DEAD = 1,
	LSB_NOT_RUNNING = 3,
	LSB_UNKNOWN = 4
};

/* MS_ENOTFOUND: there is no pid file. */
static enum ms_err
read_pid(const struct msctl *ctl, long *pid_r)
{
	char *path = xasprintf("%s/" PID_FILE, ctl->run_dir);
	struct buf text = { 0 };
	enum ms_err err = file_read(path, SMALL_FILE_BYTES, &text, NULL);

	if (err == MS_OK) {
		buf_add_u8(&text, '\0');
		*pid_r = strtol((const char *)text.ptr, NULL, 10);
	}
	buf_fini(&text);
	free(path);
	return err;
}

/* A living process of our name: "123 (msd) S ..."; a zombie is dead. */
static bool
is_msd(long pid)
{
	char path[48];
	struct buf stat = { 0 };
	const char *open, *close;
	bool is = false;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (pid > 0 &&
	    file_read(path, SMALL_FILE_BYTES, &stat, NULL) == MS_OK) {
		buf_add_u8(&stat, '\0');
		open = strchr((const char *)stat.ptr, '(');
		close = strrchr((const char *)stat.ptr, ')');
		is = open && close && strncmp(open + 1, "msd", 3) == 0 &&
		    strncmp(close, ") Z", 3) != 0;
	}
	buf_fini(&stat);
	return is;
}

/* Nobody answers on the socket. */
static enum lsb_status
status_of_silence(const struct msctl *ctl)
{
	long pid = 0;
	enum ms_err err = read_pid(ctl, &pid);

	if (err == MS_ENOTFOUND)
		return LSB_NOT_RUNNING;
	if (err != MS_OK || is_msd(pid))
		return LSB_UNKNOWN; /* it may be starting, or hang */
	return LSB_DEAD;
}

int
lsb_status(const struct msctl *ctl, const char *name)
{
	struct ctl_client client;
	struct json *reply = NULL;
	const struct json *worker;
	int code = LSB_UNKNOWN;
	enum ms_err err = ctl_open_quiet(ctl, &client, NULL);

	if (err == MS_EPERM || err == MS_EBUSY)
		return LSB_UNKNOWN;
	if (err != MS_OK)
		return (int)status_of_silence(ctl);
	if (ctl_ask(&client, ctl_request("status", name), ANSWER_MS, &reply) ==
		CTL_OK &&
	    ctl_is_ok(reply)) {
		worker = json_first(json_get(reply, "workers"));
		code = !name || json_get_bool(worker, "ready", false)
		    ? LSB_RUNNING
		    : LSB_NOT_RUNNING;
	}
	json_free(&reply);
	ctl_close(&client);
	return code;
}
