# What is on a screen where virt-manager is, read and pressed as assistive programs do.
# SPDX-License-Identifier: Apache-2.0
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Atspi, Gdk  # noqa: E402


def everything(node, depth=0):
    """All that is shown below a node; what closes meanwhile is left out."""
    if depth > 40:
        return
    yield node
    for at in range(node.get_child_count()):
        child = node.get_child_at_index(at)
        if child is not None:
            yield from everything(child, depth + 1)


def find(what, wanted, seconds=60):
    """The first thing on the screen that is wanted, as soon as there is one."""
    deadline = time.monotonic() + seconds
    seen = []
    while time.monotonic() < deadline:
        seen = []
        try:
            desktop = Atspi.get_desktop(0)
            for node in everything(desktop):
                seen.append(f"{node.get_role_name()}: {node.get_name()}")
                if wanted(node):
                    return node
        except gi.repository.GLib.Error:
            pass  # a window closed while it was read
        time.sleep(0.2)
    raise TimeoutError(f"no {what} in virt-manager; there are\n" + "\n".join(seen))


def has(node, *states):
    return all(node.get_state_set().contains(state) for state in states)


def click(node):
    """With the mouse, where it is on the screen."""
    box = node.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
    Atspi.generate_mouse_event(box.x + box.width // 2, box.y + box.height // 2, "b1c")


def take_picture(path):
    root = Gdk.get_default_root_window()
    shot = Gdk.pixbuf_get_from_window(root, 0, 0, root.get_width(), root.get_height())
    shot.savev(path, "png", [], [])


def button(label, seconds=60):
    """AT-SPI's word for one was "push button" until 2.54."""
    return find(
        f"button '{label}' to press",
        lambda node: node.get_role_name() in ("button", "push button")
        and node.get_name() == label
        and has(node, Atspi.StateType.SENSITIVE, Atspi.StateType.SHOWING),
        seconds,
    )


def text_of(node):
    text = node.get_text_iface()
    return "" if text is None else Atspi.Text.get_text(text, 0, text.get_character_count())


def act(what, wanted):
    """Without the mouse: of what lies behind another window, too."""
    find(what, wanted).get_action_iface().do_action(0)


def called(label, *roles):
    return lambda node: node.get_role_name() in roles and node.get_name() == label


def alerts():
    return [node.get_name() for node in everything(Atspi.get_desktop(0)) if node.get_role_name() in ("alert", "dialog")]
