// SPDX-License-Identifier: Apache-2.0
#include "control/budget.h"

void ctl_budget_init(struct ctl_budget *budget, uint64_t packets_per_second)
{
    *budget = (struct ctl_budget){.per_second_max = (double)packets_per_second};
}

void ctl_budget_look(struct ctl_budget *budget, uint64_t sent, int64_t now_ns)
{
    if (!ctl_meter_look(&budget->meter, sent, now_ns))
        return;
    budget->promised[1] = budget->promised[0];
    budget->promised[0] = 0;
}

bool ctl_budget_has_room(const struct ctl_budget *budget, double per_second)
{
    double taken = budget->meter.per_second + budget->promised[0] + budget->promised[1];

    return budget->per_second_max == 0 || taken + per_second <= budget->per_second_max;
}

void ctl_budget_promise(struct ctl_budget *budget, double per_second)
{
    budget->promised[0] += per_second;
}
