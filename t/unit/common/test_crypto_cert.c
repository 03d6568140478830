/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates are made here, so that none in the tree expires. */
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "t/lib/unit.h"

#define DAY 86400

static void
add_cert(struct buf *pem, long from_s, long to_s)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *x = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	ck_assert_ptr_nonnull(key);
	X509_gmtime_adj(X509_getm_notBefore(x), from_s);
	X509_gmtime_adj(X509_getm_notAfter(x), to_s);
	X509_set_pubkey(x, key);
	ck_assert_int_gt(X509_sign(x, key, NULL), 0);
	ck_assert_int_eq(PEM_write_bio_X509(bio, x), 1);
	len = BIO_get_mem_data(bio, &text);
	buf_add(pem, text, (size_t)len);
	BIO_free(bio);
	X509_free(x);
	EVP_PKEY_free(key);
}

START_TEST(its_times_are_read)
{
	struct crypto_cert cert;
	struct buf pem = { 0 };
	time_t now = time(NULL);

	buf_add_str(&pem, "a line in front\n");
	add_cert(&pem, -DAY, 30 * DAY);
	ck_assert_int_eq(crypto_cert_read(buf_slice(&pem), &cert, NULL), MS_OK);
	ck_assert_int_le(labs(cert.not_before_s - (now - DAY)), 5);
	ck_assert_int_le(labs(cert.not_after_s - (now + 30 * DAY)), 5);
	buf_fini(&pem);
}
END_TEST

START_TEST(of_a_chain_the_first_to_expire_counts)
{
	struct crypto_cert cert;
	struct buf pem = { 0 };

	add_cert(&pem, 0, 90 * DAY);
	add_cert(&pem, 0, 5 * DAY);
	add_cert(&pem, 0, 3650L * DAY);
	ck_assert_int_eq(crypto_cert_read(buf_slice(&pem), &cert, NULL), MS_OK);
	ck_assert_int_le(labs(cert.not_after_s - (time(NULL) + 5 * DAY)), 5);
	buf_fini(&pem);
}
END_TEST

START_TEST(a_file_without_one_is_none)
{
	struct crypto_cert cert;

	ck_assert_int_eq(crypto_cert_read(slice_of(""), &cert, NULL),
	    MS_ENOTFOUND);
	ck_assert_int_eq(
	    crypto_cert_read(slice_of("-----BEGIN PRIVATE KEY-----\nAAAA\n"
				      "-----END PRIVATE KEY-----\n"),
		&cert, NULL),
	    MS_ENOTFOUND);
}
END_TEST

START_TEST(a_damaged_one_is_said_not_skipped)
{
	struct crypto_cert cert;
	struct buf pem = { 0 };
	struct why why = { "" };

	add_cert(&pem, 0, DAY);
	buf_add_str(&pem,
	    "-----BEGIN CERTIFICATE-----\nAAAA\n"
	    "-----END CERTIFICATE-----\n");
	ck_assert_int_eq(crypto_cert_read(buf_slice(&pem), &cert, &why),
	    MS_EPROTO);
	ck_assert_str_eq(why.text, "certificate 2 of 2 cannot be read");
	pem.len -= 20;
	ck_assert_int_eq(crypto_cert_read(buf_slice(&pem), &cert, &why),
	    MS_EPROTO);
	buf_fini(&pem);
}
END_TEST

UNIT(crypto_cert, its_times_are_read, of_a_chain_the_first_to_expire_counts,
    a_file_without_one_is_none, a_damaged_one_is_said_not_skipped)
