/* SPDX-License-Identifier: MIT */
/* dom0 and a guest that use event channels. */
#include "port_world.h"

struct domain *dom0;
struct domain *guest;

int port_setup(void **state)
{
    world_setup(state);
    dom0 = world_domain(0, 2, true);
    guest = world_domain(5, 4, false);
    return 0;
}
