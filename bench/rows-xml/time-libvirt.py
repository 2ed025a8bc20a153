# Times libvirt's own C code, through its test driver: each line in is a JSON [what, text, count], each out the seconds of processor time a call took.
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
    began = time.process_time()
    if what == "define":
        for _ in range(count):
            connection.defineXML(text)
    else:
        for _ in range(count):
            domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    took = (time.process_time() - began) / count
    domain.undefine()
    print(took, flush=True)
