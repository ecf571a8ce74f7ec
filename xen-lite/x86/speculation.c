/* SPDX-License-Identifier: MIT */
/*
 * Side channels between guests: indirect branch predictions are dropped when a
 * CPU goes from one domain to another (IBPB), buffers at every exit (VERW).
 */
#include "speculation.h"

#include "cpu_features.h"
#include "domain.h"
#include "machine.h"
#include "x86.h"

#define MSR_PRED_CMD  0x49U
#define PRED_CMD_IBPB 1U

void speculation_init_cpu(void)
{
    cpu_info()->verw_selector = feature(FEATURE_MD_CLEAR) ? HV_DS : 0;
    cpu_info()->last_domain = 0;
}

void speculation_enter_domain(const struct domain *d)
{
    struct cpu_info *info = cpu_info();

    if (info->last_domain == d->number) {
        return;
    }
    info->last_domain = d->number;
    if (feature(FEATURE_IBPB)) {
        wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
    }
}
