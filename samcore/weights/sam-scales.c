/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scales of int8 weights: a tensor of the file that belongs to another one. */
#include "config.h"

#include <string.h>

#include "samcore/weights/sam-quote.h"
#include "samcore/weights/sam-scales.h"

/* The scale that belongs to @tensor, if there is one, is put there. */
static gboolean
attach (SamCheckpoint *checkpoint, SamTensor *tensor, GError **error)
{
  g_autofree char *name = g_strconcat (tensor->name, SAM_SCALE_SUFFIX, NULL);
  const SamTensor *scale = sam_checkpoint_lookup (checkpoint, name);

  if (scale == NULL)
    return TRUE;
  if (tensor->dtype != SAM_DTYPE_I8 || tensor->rank == 0 || scale->dtype != SAM_DTYPE_F32 ||
      scale->rank != 1 || scale->shape[0] != tensor->shape[0])
    {
      g_autofree char *quoted = sam_quote (tensor->name, strlen (tensor->name));

      return sam_checkpoint_fail (checkpoint, error, "tensor %s and its scale do not match",
                                  quoted);
    }
  tensor->scale = scale->data;

  return TRUE;
}

gboolean
sam_scales_attach (SamCheckpoint *checkpoint, GError **error)
{
  const char        *quantisation = sam_checkpoint_get_metadata (checkpoint, "quantisation");
  g_autoptr (GArray) kept = NULL;

  if (quantisation == NULL)
    return TRUE;
  if (! g_str_equal (quantisation, SAM_QUANTISATION))
    return sam_checkpoint_fail (checkpoint, error, "its weights are quantized in an unknown way");

  kept = g_array_new (FALSE, FALSE, sizeof (SamTensor));
  for (size_t i = 0; i < sam_checkpoint_get_n_tensors (checkpoint); i++)
    {
      SamTensor tensor = *sam_checkpoint_get_tensor (checkpoint, i);

      if (! attach (checkpoint, &tensor, error))
        return FALSE;
      if (! g_str_has_suffix (tensor.name, SAM_SCALE_SUFFIX))
        g_array_append_val (kept, tensor);
    }

  return sam_checkpoint_replace_tensors (checkpoint, kept, error);
}
