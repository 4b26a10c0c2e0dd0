// SPDX-License-Identifier: Apache-2.0
//
// What comes of somebody's credentials.
#pragma once

enum ctl_verdict {
    CTL_VERDICT_GRANTED,
    CTL_VERDICT_UNKNOWN,     // they are wrong, or there are none (401)
    CTL_VERDICT_FORBIDDEN,   // they are good for something else (403)
    CTL_VERDICT_UNAVAILABLE, // nobody could say (503)
    CTL_VERDICT_LATER,       // it is being found out
};
