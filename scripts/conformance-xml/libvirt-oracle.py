# Reads documents, one JSON string a line, and answers what libvirt's own C code makes of each, through its test driver.
# SPDX-License-Identifier: Apache-2.0
import json
import sys

import libvirt

libvirt.registerErrorHandler(lambda *_: None, None)
connection = libvirt.open("test:///default")
for line in sys.stdin:
    text = json.loads(line).replace("<domain type='lxc'", "<domain type='test'", 1)
    try:
        domain = connection.defineXML(text)
        answer = {"xml": domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)}
        domain.undefine()
    except libvirt.libvirtError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
