// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_survey.h"

#include <assert.h>

#include "bench/limit_process.h"
#include "bench/limit_sink.h"
#include "bench/limit_wake.h"

enum {
    ROUNDS_MAX = 31,
    CELL_NS = 10 * 1000000,
    // Seal, and two works for each way, train and device.
    CELLS = 1 + 2 * 2 * LIMIT_SURVEY_TXS * LIMIT_SURVEY_TRAINS,
};

const unsigned limit_survey_trains[LIMIT_SURVEY_TRAINS] = {1, 4, 8, 16, 32};
const enum eng_tx limit_survey_tx[LIMIT_SURVEY_TXS] = {ENG_TX_IO_URING, ENG_TX_SENDMMSG};

struct samples {
    struct limit_floor *floor;
    unsigned round;
    unsigned cell;
    double ns[CELLS][ROUNDS_MAX];
    int err;
};

// Measures the next cell of this round, or, once all rounds are over, gives its median.
static double next(struct samples *s, bool over, enum limit_floor_work work, enum eng_tx tx,
                   unsigned train)
{
    double *ns = s->ns[s->cell++];

    if (over)
        return limit_median(ns, s->round);
    ns[s->round] = limit_floor_run(s->floor, work, tx, train, CELL_NS);
    if (ns[s->round] < 0)
        s->err = (int)ns[s->round];
    return ns[s->round];
}

static void survey_costs(struct samples *s, bool over, struct limit_survey_costs *costs)
{
    for (int tx = 0; tx < LIMIT_SURVEY_TXS; tx++) {
        for (int i = 0; i < LIMIT_SURVEY_TRAINS; i++) {
            unsigned train = limit_survey_trains[i];

            costs->send[tx][i] = next(s, over, LIMIT_SEND, limit_survey_tx[tx], train);
            costs->seal_send[tx][i] = next(s, over, LIMIT_SEAL_SEND, limit_survey_tx[tx], train);
        }
    }
}

static void survey_round(struct limit_survey *survey, struct samples *s, bool over)
{
    s->cell = 0;
    survey->seal = next(s, over, LIMIT_SEAL, ENG_TX_AUTO, 8);
    survey_costs(s, over, &survey->device);
    if (!survey->switched)
        return;
    if (limit_sink_segmentation(false))
        survey->switched = false;
    else
        survey_costs(s, over, &survey->software);
    (void)limit_sink_segmentation(true);
}

void limit_survey_run(struct limit_survey *survey, int core, int other_core, unsigned rounds)
{
    static struct samples samples;

    assert(rounds > 0 && rounds <= ROUNDS_MAX);
    survey->wake = limit_wake_measure(core, other_core);
    limit_process_pin(core);
    survey->switched = limit_sink_segmentation(true) == 0;
    survey->err = limit_floor_create(LIMIT_SURVEY_VIEWERS, &samples.floor);
    if (survey->err)
        return;
    for (samples.round = 0; samples.round < rounds && !samples.err; samples.round++)
        survey_round(survey, &samples, false);
    survey->err = samples.err;
    if (!survey->err)
        survey_round(survey, &samples, true);
    limit_floor_destroy(samples.floor);
}
