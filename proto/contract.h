/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What msd and a process it starts agree on: environment, descriptors, exit
 * codes, places of sockets.  Both ends include this file and nothing else of
 * each other.
 */
#ifndef PROTO_CONTRACT_H
#define PROTO_CONTRACT_H

/* ---- environment of a child -------------------------------------------- */
/* Also set, as systemd defines them: NOTIFY_SOCKET (an abstract address of
 * this generation), WATCHDOG_USEC, WATCHDOG_PID, LISTEN_FDS, LISTEN_PID,
 * LISTEN_FDNAMES, FDSTORE. */
#define ENV_NAME       "MS_NAME"       /* the worker's name in the tree */
#define ENV_GENERATION "MS_GENERATION" /* counts starts of this name from 1 */
#define ENV_CONFIG     "MS_CONFIG"     /* absolute path of the file msd read */
#define ENV_RUN_DIR    "MS_RUN_DIR"
#define ENV_STATE_DIR  "MS_STATE_DIR"
#define ENV_LOG_DIR    "MS_LOG_DIR"
#define ENV_SOCKET     "MS_SOCKET" /* msd's control socket */
#define ENV_LOG_FD     "MS_LOG_FD" /* only ms-log: see proto/logs.h */
/* File of its numbers, made by msd: common/metrics.h */
#define ENV_METRICS "MS_METRICS"

/* ---- descriptors --------------------------------------------------------- */
/* 0 is /dev/null, 1 and 2 are the worker's log; passed sockets start at 3. */
#define LISTEN_FD_START 3
#define PASSED_FDS_MAX  318u /* sockets and what is kept, together */

/* ---- exit codes of our workers (sysexits where one fits) ------------------ */
enum ms_exit {
	MS_EXIT_OK = 0,
	MS_EXIT_FAILURE = 1,
	MS_EXIT_USAGE = 2,
	MS_EXIT_CONFIG = 6,    /* configuration invalid: a restart is useless */
	MS_EXIT_SOFTWARE = 70, /* an impossible state; restart */
	MS_EXIT_OSERR = 71,    /* out of memory, fork refused; restart */
	MS_EXIT_TEMPFAIL =
	    75,             /* something we need is away; restart, back off */
	MS_EXIT_IGNORE = 77 /* "do not run me here" (OTP's ignore) */
};

/* ---- places below run_dir -------------------------------------------------- */
#define CONTROL_SOCKET "msd.sock"
#define PID_FILE       "msd.pid"
/* A worker named N serves REQ/REP at run_dir/N.ipc and may publish on
 * run_dir/N.pub.ipc; both as NNG ipc:// addresses. */
#define SERVICE_SUFFIX ".ipc"
#define PUB_SUFFIX     ".pub.ipc"

/* run_dir/metrics/NAME: the numbers of the worker NAME, and of msd */
#define METRICS_DIR "metrics"
#define METRICS_MSD "@msd" /* no worker can be called so */

/* "127.0.0.1:9464\n": where ms-metrics listens */
#define METRICS_HTTP_FILE "metrics.http"

#define WORKER_NAME_BYTES_MAX 64 /* [A-Za-z0-9_-]+, '@N' for instances */

#endif
