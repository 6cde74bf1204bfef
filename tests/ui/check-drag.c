/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What gestures with a button make; no display, and no model, so nothing is computed. The picture
 * is shown at twice its size, 10 pixels from the corner of the widget. */
#include "config.h"

#include "ui/sui-drag.h"

#define WIDTH  120
#define HEIGHT 80
#define X(x)   (2.0 * (x) + 10)
#define Y(y)   (2.0 * (y) + 10)

typedef struct
{
  SuiSession *session;
  SuiSight    sight;
  SuiDrag     drag;
} Fixture;

static void
open_drag (Fixture *f)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (WIDTH * HEIGHT * 3), WIDTH * HEIGHT * 3);
  g_autoptr (SamImage) image = sam_image_new (WIDTH, HEIGHT, bytes, NULL);

  f->session = sui_session_new (sui_load);
  sui_session_set_image (f->session, image);
  sui_sight_init (&f->sight);
  f->sight.image_width = WIDTH;
  f->sight.image_height = HEIGHT;
  f->sight.widget_width = 400;
  f->sight.widget_height = 300;
  f->sight.zoom = 2.0;
  f->sight.pan_x = f->sight.pan_y = 10.0;
  sui_drag_init (&f->drag, f->session);
}

static void
close_drag (Fixture *f)
{
  sui_drag_clear (&f->drag);
  sui_session_close (f->session);
  g_object_unref (f->session);
}

static void
begin (Fixture *f, int label, double x, double y)
{
  sui_drag_begin (&f->drag, &f->sight, 1, label, X (x), Y (y));
}

static gboolean
move (Fixture *f, double x, double y)
{
  return sui_drag_motion (&f->drag, &f->sight, X (x), Y (y));
}

static SuiPrompt *
end (Fixture *f, double x, double y)
{
  SuiPrompt *prompt = sui_drag_release (&f->drag, &f->sight, X (x), Y (y));

  sui_drag_end (&f->drag);
  g_assert_cmpint (f->drag.kind, ==, SUI_DRAG_NONE);

  return prompt;
}

static SuiPrompt *
drag (Fixture *f, int label, double x0, double y0, double x1, double y1)
{
  begin (f, label, x0, y0);
  move (f, (x0 + x1) / 2, (y0 + y1) / 2);
  move (f, x1, y1);

  return end (f, x1, y1);
}

static const SuiPrompt *
said (Fixture *f, guint i)
{
  const GPtrArray *prompts = sui_session_get_prompts (f->session, 0);

  g_assert_cmpuint (i, <, prompts->len);

  return g_ptr_array_index (prompts, i);
}

static void
test_click (void)
{
  Fixture               f;
  g_autoptr (SuiPrompt) plus = NULL, minus = NULL;

  open_drag (&f);
  begin (&f, 1, 20, 30);
  /* a hand is not quite still */
  g_assert_false (move (&f, 21, 31));
  plus = end (&f, 21, 31);
  g_assert_cmpint (plus->kind, ==, SUI_PROMPT_POINT);
  g_assert_cmpint (plus->label, ==, 1);
  g_assert_cmpfloat (plus->xy[0], ==, 20);
  g_assert_cmpfloat (plus->xy[1], ==, 30);
  begin (&f, 0, 20, 30);
  minus = end (&f, 20, 30);
  g_assert_cmpint (minus->label, ==, 0);

  begin (&f, 1, -1, 30);
  g_assert_null (end (&f, -1, 30));
  begin (&f, 1, 20, HEIGHT);
  g_assert_null (end (&f, 20, HEIGHT));
  close_drag (&f);
}

static void
test_box (void)
{
  Fixture               f;
  g_autoptr (SuiPrompt) box = NULL, minus = NULL;

  open_drag (&f);
  /* from beside the picture, and up */
  box = drag (&f, 1, 130, 70, 40, 20);
  g_assert_cmpint (box->kind, ==, SUI_PROMPT_BOX);
  g_assert_cmpfloat (box->xy[0], ==, 40);
  g_assert_cmpfloat (box->xy[1], ==, 20);
  g_assert_cmpfloat (box->xy[2], ==, WIDTH);
  g_assert_cmpfloat (box->xy[3], ==, 70);

  minus = drag (&f, 0, 10, 10, 40, 30);
  g_assert_cmpint (minus->kind, ==, SUI_PROMPT_LASSO);
  g_assert_cmpint (minus->label, ==, 0);
  g_assert_cmpuint (minus->n, ==, 4);

  /* too thin */
  g_assert_null (drag (&f, 1, 10, 10, 40, 10.5));
  close_drag (&f);
}

static void
test_lines (void)
{
  Fixture               f;
  g_autoptr (SuiPrompt) stroke = NULL, dot = NULL, lasso = NULL, point = NULL;

  open_drag (&f);
  f.drag.tool = SUI_TOOL_BRUSH;
  f.drag.brush = 30;
  stroke = drag (&f, 1, 20, 20, 40, 40);
  g_assert_cmpint (stroke->kind, ==, SUI_PROMPT_STROKE);
  g_assert_cmpuint (stroke->n, ==, 3);
  g_assert_cmpfloat (stroke->width, ==, 15);
  begin (&f, 1, 20, 20);
  dot = end (&f, 20, 20);
  g_assert_cmpint (dot->kind, ==, SUI_PROMPT_STROKE);

  /* Events that are too close for a corner each still add up to one. */
  begin (&f, 1, 20, 20);
  g_assert_false (move (&f, 20.5, 20));
  g_assert_true (move (&f, 21, 20));
  sui_prompt_unref (end (&f, 21, 20));

  f.drag.tool = SUI_TOOL_LASSO;
  lasso = drag (&f, 0, 10, 30, 20, 70);
  g_assert_cmpint (lasso->kind, ==, SUI_PROMPT_LASSO);
  g_assert_cmpint (lasso->label, ==, 0);
  begin (&f, 1, 50, 30);
  point = end (&f, 50, 30);
  g_assert_cmpint (point->kind, ==, SUI_PROMPT_POINT);
  close_drag (&f);
}

/* A prompt under the pointer is moved instead, in one step of undo. */
static void
test_move (void)
{
  Fixture f;

  open_drag (&f);
  sui_session_add (f.session, sui_prompt_new_point (20, 30, 1));
  sui_session_add (f.session, sui_prompt_new_box (40, 20, 80, 60));

  begin (&f, 1, 20, 30);
  g_assert_true (sui_drag_has_prompt (&f.drag));
  g_assert_false (move (&f, 20.5, 30));
  g_assert_true (move (&f, 25, 30));
  g_assert_true (move (&f, 30, 35));
  g_assert_null (end (&f, 30, 35));
  g_assert_cmpfloat (said (&f, 0)->xy[0], ==, 30);
  g_assert_cmpfloat (said (&f, 0)->xy[1], ==, 35);
  sui_session_undo (f.session);
  g_assert_cmpfloat (said (&f, 0)->xy[0], ==, 20);

  /* the lower right corner, and not farther than the picture */
  g_assert_null (drag (&f, 1, 80, 60, 200, 70));
  g_assert_cmpfloat (said (&f, 1)->xy[0], ==, 40);
  g_assert_cmpfloat (said (&f, 1)->xy[2], ==, WIDTH);
  g_assert_cmpfloat (said (&f, 1)->xy[3], ==, 70);
  close_drag (&f);
}

static void
test_cancel (void)
{
  Fixture f;

  open_drag (&f);
  sui_session_add (f.session, sui_prompt_new_point (20, 30, 1));
  begin (&f, 1, 20, 30);
  move (&f, 40, 30);
  sui_drag_cancel (&f.drag);
  sui_drag_end (&f.drag);
  g_assert_cmpfloat (said (&f, 0)->xy[0], ==, 20);

  /* the step before is the one that added it */
  sui_session_undo (f.session);
  g_assert_cmpuint (sui_session_get_prompts (f.session, 0)->len, ==, 0);
  close_drag (&f);
}

static void
test_pan (void)
{
  Fixture f;

  open_drag (&f);
  sui_drag_begin_pan (&f.drag, 2, 100, 100);
  g_assert_true (sui_drag_motion (&f.drag, &f.sight, 103, 98));
  g_assert_true (sui_drag_motion (&f.drag, &f.sight, 105, 90));
  g_assert_cmpfloat (f.sight.pan_x, ==, 15);
  g_assert_cmpfloat (f.sight.pan_y, ==, 0);
  g_assert_null (sui_drag_release (&f.drag, &f.sight, 105, 90));
  sui_drag_end (&f.drag);
  close_drag (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/drag/click", test_click);
  g_test_add_func ("/drag/box", test_box);
  g_test_add_func ("/drag/lines", test_lines);
  g_test_add_func ("/drag/move", test_move);
  g_test_add_func ("/drag/cancel", test_cancel);
  g_test_add_func ("/drag/pan", test_pan);

  return g_test_run ();
}
