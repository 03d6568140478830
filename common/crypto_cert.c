/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL is loaded when a certificate is looked at: who links this file is
 * msctl too, which is started a thousand times for each time that it reads
 * one, and the library would double the time that takes.
 */
#include <dlfcn.h>
#include <limits.h>
#include <time.h>

#include <openssl/opensslv.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/crypto.h"

#define LIBRARY "libcrypto.so.3"
_Static_assert(OPENSSL_VERSION_MAJOR == 3, "the library that is loaded");

#define BEGIN "-----BEGIN "

struct openssl {
	void *library;
	__typeof__(BIO_new_mem_buf) *bio_new_mem_buf;
	__typeof__(BIO_free) *bio_free;
	__typeof__(PEM_read_bio_X509) *pem_read;
	__typeof__(X509_free) *x509_free;
	__typeof__(X509_get0_notBefore) *not_before;
	__typeof__(X509_get0_notAfter) *not_after;
	__typeof__(ASN1_TIME_to_tm) *time_to_tm;
};

static bool
load(struct openssl *o)
{
	void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	*o = (struct openssl){ .library = lib };
	if (!lib)
		return false;
	o->bio_new_mem_buf = dlsym(lib, "BIO_new_mem_buf");
	o->bio_free = dlsym(lib, "BIO_free");
	o->pem_read = dlsym(lib, "PEM_read_bio_X509");
	o->x509_free = dlsym(lib, "X509_free");
	o->not_before = dlsym(lib, "X509_get0_notBefore");
	o->not_after = dlsym(lib, "X509_get0_notAfter");
	o->time_to_tm = dlsym(lib, "ASN1_TIME_to_tm");
	return o->bio_new_mem_buf && o->bio_free && o->pem_read &&
	    o->x509_free && o->not_before && o->not_after && o->time_to_tm;
}

static bool
seconds_of(const struct openssl *o, const ASN1_TIME *time, int64_t *s_r)
{
	struct tm tm;

	if (!time || !o->time_to_tm(time, &tm))
		return false;
	*s_r = timegm(&tm);
	return true;
}

/* Of the certificates of bio the one that expires first. */
static enum ms_err
read_all(const struct openssl *o, BIO *bio, struct crypto_cert *cert,
    size_t *count)
{
	X509 *x;

	*count = 0;
	while ((x = o->pem_read(bio, NULL, NULL, NULL))) {
		struct crypto_cert one;
		bool ok = seconds_of(o, o->not_before(x), &one.not_before_s) &&
		    seconds_of(o, o->not_after(x), &one.not_after_s);

		o->x509_free(x);
		if (!ok)
			return MS_EPROTO;
		if ((*count)++ == 0 || one.not_after_s < cert->not_after_s)
			*cert = one;
	}
	return MS_OK;
}

static size_t
certificates_in(struct slice pem)
{
	static const char *const marks[] = { BEGIN "CERTIFICATE-----",
		BEGIN "TRUSTED CERTIFICATE-----",
		BEGIN "X509 CERTIFICATE-----" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		const char *at = pem.ptr, *end = pem.ptr + pem.len;
		size_t len = strlen(marks[i]);

		while (at < end &&
		    (at = memmem(at, (size_t)(end - at), marks[i], len))) {
			n++;
			at += len;
		}
	}
	return n;
}

enum ms_err
crypto_cert_read(struct slice pem, struct crypto_cert *cert_r, struct why *why)
{
	size_t expected = certificates_in(pem), count = 0;
	struct openssl o;
	enum ms_err err;
	BIO *bio;

	if (expected == 0 || pem.len > INT_MAX)
		return why_set(why, MS_ENOTFOUND, "no certificate");
	if (!load(&o))
		return why_set(why, MS_EUNAVAILABLE,
		    LIBRARY " cannot be loaded");
	bio = o.bio_new_mem_buf(pem.ptr, (int)pem.len);
	if (!bio)
		return MS_ENOMEM;
	err = read_all(&o, bio, cert_r, &count);
	o.bio_free(bio);
	if (err || count < expected)
		return why_set(why, MS_EPROTO,
		    "certificate %zu of %zu cannot be read", count + 1,
		    expected);
	return MS_OK;
}
