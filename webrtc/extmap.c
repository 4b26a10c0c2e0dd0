// SPDX-License-Identifier: Apache-2.0
#include "webrtc/extmap.h"

#include <string.h>

enum {
    ONE_BYTE_ID_MAX = 14
};

static const struct {
    const char *uri;
    size_t id_offset;
    bool video; // means nothing elsewhere
    bool rtx;   // needs it
} known[] = {
    {"http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
     offsetof(struct eng_extension_config, playout_delay), true, false},
    {"http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
     offsetof(struct eng_extension_config, capture_time), false, false},
    {"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
     offsetof(struct eng_extension_config, transport_cc), false, true},
    {"urn:ietf:params:rtp-hdrext:sdes:mid", offsetof(struct eng_extension_config, mid), false,
     false},
};

enum {
    KNOWN = sizeof(known) / sizeof(known[0])
};

// Its row in the table; KNOWN: none.
static size_t find(const struct wrtc_offer_extmap *extmap)
{
    size_t i = 0;

    while (i < KNOWN && strcmp(known[i].uri, extmap->uri) != 0)
        i++;
    return i;
}

static uint8_t id_of(const struct eng_extension_config *config, size_t row)
{
    return *((const uint8_t *)config + known[row].id_offset);
}

static bool can_be_sent(const struct wrtc_offer_media *media, size_t row, bool rtx)
{
    return row < KNOWN && (!known[row].video || media->kind == WRTC_KIND_VIDEO) &&
           (!known[row].rtx || rtx);
}

struct eng_extension_config wrtc_extmap_choose(const struct wrtc_offer_media *media, bool rtx)
{
    struct eng_extension_config config = {0};
    unsigned seen = 0; // a bit per id

    for (size_t i = 0; i < media->extmap_count; i++) {
        const struct wrtc_offer_extmap *extmap = &media->extmap[i];
        size_t row = find(extmap);

        if (extmap->id > ONE_BYTE_ID_MAX || seen >> extmap->id & 1)
            continue;
        seen |= 1u << extmap->id;
        if (can_be_sent(media, row, rtx) && id_of(&config, row) == 0)
            *((uint8_t *)&config + known[row].id_offset) = extmap->id;
    }
    if (media->mid[0] == '\0' || strlen(media->mid) > ENG_MID_MAX)
        config.mid = 0;
    if (config.mid != 0)
        memcpy(config.mid_text, media->mid, strlen(media->mid));
    return config;
}

bool wrtc_extmap_is_chosen(const struct eng_extension_config *chosen,
                           const struct wrtc_offer_extmap *extmap)
{
    size_t row = find(extmap);

    return row < KNOWN && id_of(chosen, row) == extmap->id;
}
