# SPDX-License-Identifier: GPL-3.0-or-later
"""The window as a screen reader has it: widgets with roles, names, states and actions, over the accessibility bus."""

import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

from person import keys  # noqa: E402

__all__ = ["Atspi", "all_widgets", "application", "find", "focused", "has", "label_of", "press", "role", "until"]


def until(condition, what, timeout=60):
    """What `condition ()` gives, once it is true."""
    end = time.time() + timeout
    while time.time() < end:
        try:
            result = condition()
        except GLib.Error:  # a widget was destroyed while we looked at it
            result = None
        if result:
            return result
        time.sleep(0.1)
    raise RuntimeError(f"waited in vain: {what}")


def application():
    Atspi.init()

    def look():
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            found = desktop.get_child_at_index(i)
            if found is not None and found.get_name() == "segment-anything" and found.get_child_count() > 0:
                # what is kept would only be renewed by a main loop
                found.set_cache_mask(Atspi.Cache.NONE)
                return found
        return None

    return until(look, "the window is on the accessibility bus")


def all_widgets(root):
    yield root
    for i in range(root.get_child_count()):
        child = root.get_child_at_index(i)
        if child is not None:
            yield from all_widgets(child)


def role(widget):
    return widget.get_role_name()


def has(widget, state):
    """States by their names, as in "showing sensitive"."""
    states = widget.get_state_set()
    return all(states.contains(getattr(Atspi.StateType, name.upper())) for name in state.split())


def label_of(widget):
    """What a screen reader says it is: the text that labels it and its own name."""
    words = []
    for relation in widget.get_relation_set():
        if relation.get_relation_type() == Atspi.RelationType.LABELLED_BY:
            words += [relation.get_target(i).get_name() for i in range(relation.get_n_targets())]
    return " ".join(word for word in [*words, widget.get_name()] if word)


def find(root, of_role, label, state="showing", timeout=60):
    """The widget that is labelled so."""
    return until(lambda: next((widget for widget in all_widgets(root)
                               if role(widget) == of_role and label in label_of(widget) and has(widget, state)),
                              None), f"{of_role} “{label}” {state}", timeout)


def press(root, of_role, label, state="showing sensitive"):
    widget = find(root, of_role, label, state)
    widget.do_action(0)
    time.sleep(0.3)
    return widget


def focused(root):
    return next((widget for widget in all_widgets(root) if has(widget, "focused")), None)
