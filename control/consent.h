// SPDX-License-Identifier: Apache-2.0
//
// Consent to send (RFC 7675): media goes to a viewer only as long as it shows that it wants it, by
// authenticated STUN or SRTCP (GStreamer sends no binding requests once connected) from the 5-tuple
// that it goes to. A pure function of two times; CLOCK_MONOTONIC nanoseconds.
#pragma once

#include <stdint.h>

enum {
    CTL_CONSENT_PAUSE_S = 15, // of silence: no more media. RFC 7675 5.1 allows 30 s
    CTL_CONSENT_END_S = 30,   // of silence: the viewer is gone
    CTL_CONSENT_POLL_S = 1,   // how soon a paused viewer's SRTCP is noticed
};

enum ctl_consent {
    CTL_CONSENT_GIVEN,
    CTL_CONSENT_SILENT, // pause
    CTL_CONSENT_OVER,   // end
};

// heard_ns: when the viewer last gave a sign of life. *look_again_ns: when to ask again at the
// latest; not set when it is over.
enum ctl_consent ctl_consent_judge(int64_t heard_ns, int64_t now_ns, int64_t *look_again_ns);
