# virt-manager at work: connects, lists, starts a domain and a network at the press of a button, types on a console; pictures of both.
# SPDX-License-Identifier: Apache-2.0
import json
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Atspi, Gdk  # noqa: E402

uri, name, pictures = sys.argv[1:]


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


def take_picture(what):
    root = Gdk.get_default_root_window()
    shot = Gdk.pixbuf_get_from_window(root, 0, 0, root.get_width(), root.get_height())
    shot.savev(f"{pictures}/{what}.png", "png", [], [])


def button(label, seconds=60):
    """AT-SPI's word for one was "push button" until 2.54."""
    return find(
        f"button '{label}' to press",
        lambda node: node.get_role_name() in ("button", "push button")
        and node.get_name() == label
        and has(node, Atspi.StateType.SENSITIVE, Atspi.StateType.SHOWING),
        seconds,
    )


def row(state):
    return find(
        f"row of the domain that is {state}",
        lambda node: node.get_role_name() == "table cell" and node.get_name() == f"{name}\n{state}",
    )


def button_of_selected(state, label):
    """The row is selected again if it moved from under the mouse, as in a window that is still being laid out."""
    for _ in range(10):
        click(row(state))
        try:
            return button(label, 5)
        except TimeoutError:
            continue
    raise TimeoutError(f"the row was selected, but '{label}' cannot be pressed")


def text_of(node):
    text = node.get_text_iface()
    return "" if text is None else Atspi.Text.get_text(text, 0, text.get_character_count())


def terminal(words):
    return find(
        f"console that shows '{words}'",
        lambda node: node.get_role_name() == "terminal" and words in text_of(node),
    )


def act(what, wanted):
    """Without the mouse: of what lies behind another window, too."""
    find(what, wanted).get_action_iface().do_action(0)


def called(label, *roles):
    return lambda node: node.get_role_name() in roles and node.get_name() == label


def start_network(label):
    """On the page of virtual networks of the connection's window; answers what the page says of it."""
    act("menu item", called("Connection Details", "menu item"))
    tab = find("page of networks", called("Virtual Networks", "page tab"))
    tab.get_parent().get_selection_iface().select_child(tab.get_index_in_parent())
    click(find(f"row of network '{label}'", called(label, "table cell")))
    click(button("net-start"))
    find("network that is active", lambda node: called("Active", "label")(node) and has(node, Atspi.StateType.SHOWING))
    time.sleep(1)  # until it is drawn
    take_picture("virt-manager-network")
    shown = [node.get_name() for node in everything(tab) if node.get_role_name() == "label" and has(node, Atspi.StateType.SHOWING)]
    return sorted(text for text in shown if not text.endswith(":") and text != "net-device")


manager = subprocess.Popen(["virt-manager", "--connect", uri, "--no-fork"])
try:
    click(button_of_selected("Shutoff", "Run"))
    row("Running")
    click(button("Open"))
    click(terminal(""))
    Atspi.generate_keyboard_event(0, "echo six times seven is $((6*7))\n", Atspi.KeySynthType.STRING)
    terminal("six times seven is 42")
    network = start_network("default")
    alerts = [node.get_name() for node in everything(Atspi.get_desktop(0)) if node.get_role_name() in ("alert", "dialog")]
    print(json.dumps({"alerts": alerts, "network": network}))
finally:
    take_picture("virt-manager")
    manager.terminate()
    manager.wait(10)
