// SPDX-License-Identifier: MIT
/*
 * The one function of libxenlight that libxlutil's parser refers to. With it
 * here, the parser links without libxenlight, which would bring a second
 * libxenctrl into the process.
 */
#include <libxl.h>

void libxl_defbool_set(libxl_defbool *db, bool b)
{
    db->val = b ? 1 : -1; /* 0 means "default" */
}
