/* SPDX-License-Identifier: MIT */
/* dom0 and a guest that use interrupt lines. */
#include "line_world.h"

struct domain *dom0;
struct domain *guest;

int line_setup(void **state)
{
    world_setup(state);
    dom0 = world_domain(0, 2, true);
    guest = world_domain(5, 2, false);
    assert_int_equal(rangeset_add(&dom0->irqs, 1, WORLD_GSIS - 1), 0);
    return 0;
}
