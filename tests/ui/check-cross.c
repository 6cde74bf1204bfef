/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cross of the keyboard; no display, and no model, so nothing is computed. The picture fills
 * the widget at twice its size. */
#include "config.h"

#include <gdk/gdkkeysyms.h>

#include "ui/sui-cross.h"

#define WIDTH  120
#define HEIGHT 80

typedef struct
{
  SuiSession *session;
  SuiSight    sight;
  SuiCross    cross;
} Fixture;

static void
open_cross (Fixture *f)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (WIDTH * HEIGHT * 3), WIDTH * HEIGHT * 3);
  g_autoptr (SamImage) image = sam_image_new (WIDTH, HEIGHT, bytes, NULL);

  f->session = sui_session_new (sui_load);
  sui_session_set_image (f->session, image);
  sui_sight_init (&f->sight);
  f->sight.image_width = WIDTH;
  f->sight.image_height = HEIGHT;
  f->sight.widget_width = 2 * WIDTH;
  f->sight.widget_height = 2 * HEIGHT;
  f->sight.zoom = 2.0;
  sui_cross_init (&f->cross, f->session);
  sui_cross_expect (&f->cross, &f->sight, 100, 80);
}

static void
close_cross (Fixture *f)
{
  sui_session_close (f->session);
  g_object_unref (f->session);
}

/* TRUE when the key was taken; it must not have made a prompt. */
static gboolean
press (Fixture *f, guint keyval, gboolean shift)
{
  SuiPrompt *prompt;
  gboolean   taken = sui_cross_press (&f->cross, &f->sight, keyval, shift, 1, &prompt);

  g_assert_null (prompt);

  return taken;
}

static SuiPrompt *
enter (Fixture *f, gboolean shift)
{
  SuiPrompt *prompt;

  g_assert_true (sui_cross_press (&f->cross, &f->sight, GDK_KEY_Return, shift, 1, &prompt));

  return prompt;
}

static void
test_points (void)
{
  Fixture               f;
  g_autoptr (SuiPrompt) plus = NULL, minus = NULL;

  open_cross (&f);
  /* nothing to press while there is no cross */
  g_assert_false (press (&f, GDK_KEY_Return, FALSE));
  g_assert_false (press (&f, GDK_KEY_Escape, FALSE));
  g_assert_false (press (&f, GDK_KEY_a, FALSE));

  /* 16 pixels of the screen, or one of the picture */
  g_assert_true (press (&f, GDK_KEY_Right, FALSE));
  g_assert_true (press (&f, GDK_KEY_KP_Up, TRUE));
  plus = enter (&f, FALSE);
  g_assert_cmpint (plus->kind, ==, SUI_PROMPT_POINT);
  g_assert_cmpint (plus->label, ==, 1);
  g_assert_cmpfloat (plus->xy[0], ==, 50 + 8);
  g_assert_cmpfloat (plus->xy[1], ==, 40 - 1);
  minus = enter (&f, TRUE);
  g_assert_cmpint (minus->label, ==, 0);

  /* shown, it stays where the keys left it */
  sui_cross_expect (&f.cross, &f.sight, 0, 0);
  g_assert_cmpfloat (f.cross.x, ==, 58);
  close_cross (&f);
}

static void
test_box (void)
{
  Fixture               f;
  g_autoptr (SuiPrompt) box = NULL;

  open_cross (&f);
  g_assert_true (press (&f, GDK_KEY_b, FALSE));
  /* too small */
  g_assert_null (enter (&f, FALSE));
  g_assert_false (f.cross.box);

  press (&f, GDK_KEY_b, FALSE);
  press (&f, GDK_KEY_Left, FALSE);
  press (&f, GDK_KEY_Down, FALSE);
  box = enter (&f, FALSE);
  g_assert_cmpint (box->kind, ==, SUI_PROMPT_BOX);
  g_assert_cmpfloat (box->xy[0], ==, 42);
  g_assert_cmpfloat (box->xy[1], ==, 40);
  g_assert_cmpfloat (box->xy[2], ==, 50);
  g_assert_cmpfloat (box->xy[3], ==, 48);

  /* Escape gives up the box first, then the cross */
  press (&f, GDK_KEY_b, FALSE);
  g_assert_true (press (&f, GDK_KEY_Escape, FALSE));
  g_assert_true (f.cross.shown);
  g_assert_false (f.cross.box);
  g_assert_true (press (&f, GDK_KEY_Escape, FALSE));
  g_assert_false (f.cross.shown);
  close_cross (&f);
}

/* It stays on the picture, and the view follows it. */
static void
test_border (void)
{
  Fixture f;
  double  x, y;

  open_cross (&f);
  for (int i = 0; i < 50; i++)
    press (&f, GDK_KEY_Right, FALSE);
  g_assert_cmpfloat (f.cross.x, ==, WIDTH - 0.5);
  sui_sight_to_widget (&f.sight, f.cross.x, f.cross.y, &x, &y);
  g_assert_cmpfloat (x, ==, 2 * WIDTH - 20);
  for (int i = 0; i < 50; i++)
    press (&f, GDK_KEY_Up, TRUE);
  g_assert_cmpfloat (f.cross.y, ==, 0.5);
  sui_sight_to_widget (&f.sight, f.cross.x, f.cross.y, &x, &y);
  g_assert_cmpfloat (y, ==, 20);
  close_cross (&f);
}

static void
test_no_picture (void)
{
  Fixture f;

  open_cross (&f);
  f.sight.image_width = f.sight.image_height = 0;
  g_assert_false (press (&f, GDK_KEY_Right, FALSE));
  g_assert_false (press (&f, GDK_KEY_b, FALSE));
  g_assert_false (f.cross.shown);
  close_cross (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/cross/points", test_points);
  g_test_add_func ("/cross/box", test_box);
  g_test_add_func ("/cross/border", test_border);
  g_test_add_func ("/cross/no-picture", test_no_picture);

  return g_test_run ();
}
