/* SPDX-License-Identifier: MIT */
/* A guest that uses the FIFO event ABI. */
#include "fifo_world.h"

struct domain *guest;
struct evtchn_fifo_control_block *control[2];
event_word_t *words;
mfn_t control_mfn;
mfn_t words_mfn;

int fifo_bare_setup(void **state)
{
    world_setup(state);
    guest = world_domain(5, 3, false);
    control_mfn = world_page(guest);
    words_mfn = world_page(guest);
    control[0] = machine_map(control_mfn);
    control[1] = (void *)((char *)machine_map(control_mfn) + 128);
    words = machine_map(words_mfn);
    return 0;
}

int fifo_setup(void **state)
{
    fifo_bare_setup(state);
    assert_int_equal(init_control(control_mfn.number, 0, 0), 0);
    assert_int_equal(init_control(control_mfn.number, 128, 1), 0);
    assert_int_equal(expand(words_mfn.number), 0);
    return 0;
}
