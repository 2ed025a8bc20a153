# virt-manager at work: connects, lists, starts a domain and a network at the press of a button, types on a console; pictures of both.
# SPDX-License-Identifier: Apache-2.0
import json
import subprocess
import sys
import time

from virt_manager import Atspi, act, alerts, button, called, click, everything, find, has, take_picture, text_of

uri, name, pictures = sys.argv[1:]


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


def terminal(words):
    return find(
        f"console that shows '{words}'",
        lambda node: node.get_role_name() == "terminal" and words in text_of(node),
    )


def start_network(label):
    """On the page of virtual networks of the connection's window; answers what the page says of it."""
    act("menu item", called("Connection Details", "menu item"))
    tab = find("page of networks", called("Virtual Networks", "page tab"))
    tab.get_parent().get_selection_iface().select_child(tab.get_index_in_parent())
    click(find(f"row of network '{label}'", called(label, "table cell")))
    click(button("net-start"))
    find("network that is active", lambda node: called("Active", "label")(node) and has(node, Atspi.StateType.SHOWING))
    time.sleep(1)  # until it is drawn
    take_picture(f"{pictures}/virt-manager-network.png")
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
    print(json.dumps({"alerts": alerts(), "network": network}))
finally:
    take_picture(f"{pictures}/virt-manager.png")
    manager.terminate()
    manager.wait(10)
