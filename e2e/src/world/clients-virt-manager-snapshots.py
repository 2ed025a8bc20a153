# virt-manager's page of snapshots: closed until there is a first one, then it lists, describes, makes, reverts to and deletes them.
# SPDX-License-Identifier: Apache-2.0
import contextlib
import json
import subprocess
import sys

from virt_manager import Atspi, alerts, button, called, click, find, has, take_picture, text_of

uri, name, pictures = sys.argv[1:]


@contextlib.contextmanager
def window():
    """Of the domain, in a virt-manager of its own."""
    manager = subprocess.Popen(["virt-manager", "--connect", uri, "--no-fork", "--show-domain-console", name])
    try:
        yield
    finally:
        take_picture(f"{pictures}/virt-manager-snapshots.png")
        manager.terminate()
        manager.wait(10)


def way_in(is_open):
    return find(
        f"way to the page that is {'open' if is_open else 'closed'}",
        lambda node: called("Snapshots", "radio button", "toggle button")(node)
        and has(node, Atspi.StateType.SHOWING)
        and has(node, Atspi.StateType.SENSITIVE) == is_open,
    )


def row(snapshot):
    return find(
        f"snapshot '{snapshot}'",
        lambda node: node.get_role_name() == "table cell" and node.get_name().startswith(f"{snapshot}\n"),
    )


def description(words):
    return find(
        f"description '{words}'",
        lambda node: called("snapshot-description", "text")(node) and text_of(node) == words,
    )


def sure():
    click(button("Yes"))


def virsh(*words):
    return subprocess.run(["virsh", "-c", uri, *words], check=True, capture_output=True, text=True).stdout.strip()


def gone(snapshot):
    """As the daemon tells it."""
    find(f"moment without '{snapshot}'", lambda _: snapshot not in virsh("snapshot-list", name, "--name").split())


with window():
    way_in(False)
virsh("snapshot-create-as", name, "first", "as it was")
with window():
    click(way_in(True))
    click(row("first"))
    description("as it was").get_editable_text_iface().set_text_contents("as it should be")
    click(button("snapshot-apply"))
    click(button("snapshot-add"))
    find("name", lambda node: node.get_role_name() == "text" and text_of(node) == "snapshot1").get_editable_text_iface().set_text_contents("second")
    click(button("Finish"))
    row("second")
    both = virsh("snapshot-list", name, "--name").split()
    click(row("first"))
    description("as it should be")
    click(button("snapshot-start"))
    sure()
    find("revert", lambda _: virsh("snapshot-current", name, "--name") == "first")
    click(row("second"))
    click(button("snapshot-delete"))
    sure()
    gone("second")
    print(json.dumps({"alerts": alerts(), "both": both}))
