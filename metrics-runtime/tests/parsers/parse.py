"""Says what the parsers of Prometheus' Python client see in expositions.

Each begins on stdin with a line of its format and its length in bytes. Each line of the answer is a family or a sample,
and ends with a space; strings are hexadecimal, values the bits of a float. A time of creation that can be right is
"started", and of an exemplar the time, which must be now, is left out.
"""

import io
import struct
import sys
import time

from prometheus_client import openmetrics, parser
import prometheus_client.openmetrics.parser

PARSERS = {
    "text": parser.text_fd_to_metric_families,
    "openmetrics": openmetrics.parser.text_fd_to_metric_families,
}


def text(string):
    return string.encode().hex() + " "


def bits(value):
    return struct.pack(">d", float(value)).hex() + " "


def pairs(labels):
    return "".join(text(name) + text(value) for name, value in labels.items())


def is_recent(seconds):
    return 0 <= time.time() - seconds < 3600


for line in sys.stdin.buffer:
    format, length = line.split()
    exposition = sys.stdin.buffer.read(int(length)).decode()
    # A line ends with a line feed and nothing else.
    for family in PARSERS[format.decode()](io.StringIO(exposition, newline="\n")):
        print("family " + text(family.name) + text(family.type) + text(family.unit) + text(family.documentation))
        for sample in family.samples:
            value = bits(sample.value)
            if sample.name.endswith("_created") and is_recent(sample.value):
                value = "started "
            exemplar = ""
            if sample.exemplar:
                assert is_recent(float(sample.exemplar.timestamp)), sample
                exemplar = "exemplar " + pairs(sample.exemplar.labels) + bits(sample.exemplar.value)
            print("sample " + text(sample.name) + pairs(sample.labels) + value + exemplar)
