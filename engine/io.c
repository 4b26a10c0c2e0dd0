// SPDX-License-Identifier: Apache-2.0
#include "engine/io.h"

#include <string.h>

#include "engine/addr.h"

void eng_io_tuple(const struct eng_io_config *config, const struct sockaddr_storage *from,
                  struct msghdr *msg, struct eng_tuple *out)
{
    memset(out, 0, sizeof(*out));
    eng_addr_from_socket(&out->remote, from);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (eng_addr_from_pktinfo(&out->local, c, config->port))
            return;
    }
}
