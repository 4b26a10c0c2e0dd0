// SPDX-License-Identifier: Apache-2.0
#include "rtsp/fingerprint.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stddef.h>

bool rtsp_fingerprint_parse(const char *text, struct rtsp_fingerprint *out)
{
    struct rtsp_fingerprint read = {.set = true};
    size_t len = 0;
    bool good = OPENSSL_hexstr2buf_ex(read.sha256, sizeof(read.sha256), &len, text, ':') == 1 &&
                len == sizeof(read.sha256);

    ERR_clear_error();
    if (good)
        *out = read;
    return good;
}

void rtsp_fingerprint_format(const struct rtsp_fingerprint *fingerprint,
                             char out[RTSP_FINGERPRINT_TEXT])
{
    int rc = OPENSSL_buf2hexstr_ex(out, RTSP_FINGERPRINT_TEXT, NULL, fingerprint->sha256,
                                   sizeof(fingerprint->sha256), '\0');

    assert(rc == 1);
}
