# Times libvirt's own C code, through its test driver: each line in is a JSON [what, text, count], each out the seconds a call took.
# SPDX-License-Identifier: Apache-2.0
import json
import sys
import time

import libvirt

libvirt.registerErrorHandler(lambda *_: None, None)
connection = libvirt.open("test:///default")
for line in sys.stdin:
    what, text, count = json.loads(line)
    domain = connection.defineXML(text)
    began = time.perf_counter()
    if what == "define":
        for _ in range(count):
            connection.defineXML(text)
    else:
        for _ in range(count):
            domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    took = (time.perf_counter() - began) / count
    domain.undefine()
    print(took, flush=True)
