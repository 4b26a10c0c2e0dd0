// SPDX-License-Identifier: Apache-2.0
#include "engine/addr.h"

static void set_in4(struct eng_addr *out, uint32_t address, in_port_t port)
{
    memset(out, 0, sizeof(*out));
    out->in4.sin_family = AF_INET;
    out->in4.sin_addr.s_addr = address;
    out->in4.sin_port = port;
}

static void set_in6(struct eng_addr *out, const struct in6_addr *address, in_port_t port,
                    uint32_t scope)
{
    uint32_t v4;

    if (IN6_IS_ADDR_V4MAPPED(address)) {
        memcpy(&v4, &address->s6_addr[12], sizeof(v4));
        set_in4(out, v4, port);
        return;
    }
    memset(out, 0, sizeof(*out));
    out->in6.sin6_family = AF_INET6;
    out->in6.sin6_addr = *address;
    out->in6.sin6_port = port;
    out->in6.sin6_scope_id = scope;
}

void eng_addr_from_socket(struct eng_addr *out, const struct sockaddr_storage *from)
{
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

    if (from->ss_family == AF_INET6)
        set_in6(out, &in6->sin6_addr, in6->sin6_port, in6->sin6_scope_id);
    else
        set_in4(out, in4->sin_addr.s_addr, in4->sin_port);
}

socklen_t eng_addr_to_socket(struct sockaddr_storage *out, const struct eng_addr *addr, int family)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

    if (family != AF_INET6 || addr->sa.sa_family == AF_INET6) {
        memcpy(out, addr, sizeof(*addr));
        return eng_addr_len(addr);
    }
    memset(in6, 0, sizeof(*in6));
    in6->sin6_family = AF_INET6;
    in6->sin6_port = addr->in4.sin_port;
    in6->sin6_addr.s6_addr[10] = 0xff;
    in6->sin6_addr.s6_addr[11] = 0xff;
    memcpy(&in6->sin6_addr.s6_addr[12], &addr->in4.sin_addr, 4);
    return sizeof(*in6);
}

bool eng_addr_from_pktinfo(struct eng_addr *out, const struct cmsghdr *cmsg, uint16_t port)
{
    struct in_pktinfo info4;
    struct in6_pktinfo info6;

    if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
        memcpy(&info4, CMSG_DATA(cmsg), sizeof(info4));
        set_in4(out, info4.ipi_addr.s_addr, htons(port));
        return true;
    }
    if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO) {
        memcpy(&info6, CMSG_DATA(cmsg), sizeof(info6));
        set_in6(out, &info6.ipi6_addr, htons(port),
                IN6_IS_ADDR_LINKLOCAL(&info6.ipi6_addr) ? info6.ipi6_ifindex : 0);
        return true;
    }
    return false;
}
