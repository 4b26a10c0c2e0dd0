// SPDX-License-Identifier: Apache-2.0
#include "control/visitor_key.h"

#include <netinet/in.h>
#include <string.h>

bool ctl_visitor_key(const struct eng_addr *addr, uint8_t key[CTL_VISITOR_KEY_LEN])
{
    memset(key, 0, CTL_VISITOR_KEY_LEN);
    if (addr->sa.sa_family == AF_INET6) {
        key[0] = 6;
        memcpy(key + 1, &addr->in6.sin6_addr, 8);
        return !IN6_IS_ADDR_LOOPBACK(&addr->in6.sin6_addr);
    }
    key[0] = 4;
    memcpy(key + 1, &addr->in4.sin_addr, 4);
    return key[1] != 127;
}
