// SPDX-License-Identifier: Apache-2.0
#include "control/listen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/addr.h"

void ctl_listen_error(const struct ctl_config *config, const char *key, int err, char *error,
                      size_t error_size)
{
    const struct eng_addr *addr = &config->http_listen;
    char text[CTL_ADDR_TEXT_MAX];
    int line = config->http_line;
    const char *what;

    if (strcmp(key, "webrtc.listen") == 0) {
        addr = &config->webrtc_listen;
        line = config->webrtc_line;
    } else if (strcmp(key, "metrics.listen") == 0) {
        addr = &config->metrics_listen;
        line = config->metrics_line;
    }
    if (err == -EADDRINUSE)
        what = "is in use by another program; choose another port or stop it";
    else if (err == -EADDRNOTAVAIL)
        what = "is not an address of this machine; choose one of its own, or 0.0.0.0 for all";
    else if (err == -EACCES)
        what = "may not be bound by this user; choose a port above 1023 or grant "
               "CAP_NET_BIND_SERVICE";
    else
        what = strerror(-err);
    snprintf(error, error_size, "%s:%d: %s: %s%s %s", config->path, line ? line : 1, key,
             line ? "" : "the default ", ctl_addr_format(addr, text), what);
    ctl_log_sanitize(error);
}
