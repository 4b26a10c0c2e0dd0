// SPDX-License-Identifier: Apache-2.0
#include "engine/counters.h"

const struct eng_counter_info eng_counter_info[ENG_COUNTERS] = {
#define ENG_COUNTER_INFO(id, name, labels, help) {name, labels, help},
    ENG_COUNTER_LIST(ENG_COUNTER_INFO)
#undef ENG_COUNTER_INFO
};
