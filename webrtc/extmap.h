// SPDX-License-Identifier: Apache-2.0
//
// Which of the header extensions that an m-line offers are sent (RFC 8285 5, 6), of those that the
// engine knows (engine/types.h). Plain functions on the caller's memory; any thread.
#pragma once

#include "webrtc/sdp.h"

// Ids and mid of those that can be sent; playout delays are not set. rtx: the track's resends go by
// RTX. Ids beyond 14 have no place in the one-byte form; where one id stands for two, the first
// counts.
struct eng_extension_config wrtc_extmap_choose(const struct wrtc_offer_media *media, bool rtx);

// This one of the m-line's is among them.
bool wrtc_extmap_is_chosen(const struct eng_extension_config *chosen,
                           const struct wrtc_offer_extmap *extmap);
