// SPDX-License-Identifier: Apache-2.0
#include "rtsp/plan.h"

#include <assert.h>
#include <stdbool.h>

#include "rtsp/nal_payload.h"

// Payloads that a state is to be extended by.
struct step {
    size_t nals;
    size_t size;
    size_t packets;
    size_t last; // size of the last of them
};

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static struct step fragment(size_t header_len, size_t nal_size, size_t payload_max, size_t open)
{
    size_t bytes = nal_size - header_len; // each fragment has the header
    size_t overhead = header_len + RTSP_FRAGMENT_HEADER_LEN;
    size_t count = divide_up(bytes, payload_max - overhead);
    size_t part = divide_up(bytes, count);

    if (open > part + overhead)
        part = open - overhead;
    count = divide_up(bytes, part);
    return (struct step){
        .nals = 1,
        .size = part + overhead,
        .packets = count,
        .last = bytes - (count - 1) * part + overhead,
    };
}

static struct step aggregate(size_t nals, size_t size)
{
    return (struct step){.nals = nals, .size = size, .packets = 1, .last = size};
}

// Keeps the cheapest state for each size of an open train.
static void add_state(struct rtsp_plan *plan, size_t done, struct rtsp_plan_state new)
{
    struct rtsp_plan_state *states = plan->state[done];
    size_t *count = &plan->states[done];

    for (size_t i = 0; i < *count; i++) {
        if (states[i].open == new.open) {
            if (new.cost < states[i].cost)
                states[i] = new;
            return;
        }
    }
    assert(*count <= RTSP_PLAN_NALS_MAX);
    states[(*count)++] = new;
}

static void extend(struct rtsp_plan *plan, size_t done, size_t from, const struct step *step)
{
    const struct rtsp_plan_state *state = &plan->state[done][from];
    bool joins = step->size <= state->open;
    // A shorter packet may only be the last of its train.
    bool closes = step->last < step->size || (joins && step->size < state->open);

    add_state(
        plan, done + step->nals,
        (struct rtsp_plan_state){
            .cost = state->cost + (uint32_t)step->packets + (joins ? 0 : RTSP_PLAN_TRAIN_COST),
            .open = closes ? 0 : (uint16_t)step->size,
            .from = (uint16_t)from,
            .nals = (uint8_t)step->nals,
            .size = (uint16_t)step->size,
            .packets = (uint32_t)step->packets,
        });
}

static void extend_by_small(struct rtsp_plan *plan, size_t header_len, const size_t *size,
                            size_t done, size_t count, size_t payload_max, size_t from)
{
    size_t total = header_len;

    for (size_t end = done; end < count; end++) {
        struct step step;

        total += RTSP_AGGREGATE_LENGTH_LEN + size[end];
        step = end == done ? aggregate(1, size[end]) : aggregate(end + 1 - done, total);
        if (step.size > payload_max)
            break;
        extend(plan, done, from, &step);
    }
}

static size_t cheapest(const struct rtsp_plan *plan, size_t done)
{
    size_t best = 0;

    for (size_t i = 1; i < plan->states[done]; i++) {
        if (plan->state[done][i].cost < plan->state[done][best].cost)
            best = i;
    }
    return best;
}

static void read_back(struct rtsp_plan *plan, size_t done)
{
    size_t at = cheapest(plan, done);
    size_t first = RTSP_PLAN_NALS_MAX;

    while (done > 0) {
        const struct rtsp_plan_state *state = &plan->state[done][at];

        plan->group[--first] = (struct rtsp_plan_group){state->nals, state->size, state->packets};
        done -= state->nals;
        at = state->from;
    }
    plan->groups = RTSP_PLAN_NALS_MAX - first;
    for (size_t i = 0; i < plan->groups; i++)
        plan->group[i] = plan->group[first + i];
}

size_t rtsp_plan(struct rtsp_plan *plan, size_t header_len, const size_t *size, size_t count,
                 size_t payload_max, size_t open)
{
    assert(count > 0 && count <= RTSP_PLAN_NALS_MAX && payload_max <= UINT16_MAX);
    assert(payload_max > header_len + RTSP_FRAGMENT_HEADER_LEN);
    for (size_t i = 0; i <= count; i++)
        plan->states[i] = 0;
    add_state(plan, 0, (struct rtsp_plan_state){.open = (uint16_t)open});

    for (size_t done = 0; done < count; done++) {
        uint32_t limit;

        if (plan->states[done] == 0)
            continue; // within an aggregate only
        limit = plan->state[done][cheapest(plan, done)].cost + RTSP_PLAN_TRAIN_COST;
        for (size_t from = 0; from < plan->states[done]; from++) {
            const struct rtsp_plan_state *state = &plan->state[done][from];

            if (state->cost >= limit)
                continue; // a new train from the cheapest state is no dearer
            if (size[done] > payload_max) {
                struct step step = fragment(header_len, size[done], payload_max, state->open);

                extend(plan, done, from, &step);
            } else {
                extend_by_small(plan, header_len, size, done, count, payload_max, from);
            }
        }
    }
    open = plan->state[count][cheapest(plan, count)].open;
    read_back(plan, count);
    return open;
}
