/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "ui/session/sui-view.h"

double
sui_view_get_scale (guint width, guint height, double detail)
{
  double pixels = (double) width * height;
  double least = sqrt (SUI_VIEW_LEAST / pixels), most = sqrt (SUI_VIEW_MOST / pixels);

  /* in doublings: not another view for each turn of the wheel */
  return MIN (1.0, CLAMP (exp2 (ceil (log2 (detail))), least, most));
}

void
sui_view_free (SuiView *view)
{
  if (view == NULL)
    return;

  sam_mask_free (view->mask);
  sam_mask_free (view->current);
  sui_contour_unref (view->outline);
  sui_contour_unref (view->current_outline);
  g_free (view);
}
