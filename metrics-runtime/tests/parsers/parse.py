"""Says what the parsers of Prometheus' Python client see in expositions.

Each begins on stdin with a line of its format and its length in bytes. Each line of the answer is a family or a sample,
and ends with a space; strings are hexadecimal, values the bits of a float.
"""

import io
import struct
import sys

from prometheus_client import openmetrics, parser
import prometheus_client.openmetrics.parser

PARSERS = {
    "text": parser.text_fd_to_metric_families,
    "openmetrics": openmetrics.parser.text_fd_to_metric_families,
}


def text(string):
    return string.encode().hex() + " "


for line in sys.stdin.buffer:
    format, length = line.split()
    exposition = sys.stdin.buffer.read(int(length)).decode()
    # A line ends with a line feed and nothing else.
    for family in PARSERS[format.decode()](io.StringIO(exposition, newline="\n")):
        print("family " + text(family.name) + text(family.type) + text(family.unit) + text(family.documentation))
        for sample in family.samples:
            labels = "".join(text(name) + text(value) for name, value in sample.labels.items())
            bits = struct.pack(">d", float(sample.value)).hex()
            print("sample " + text(sample.name) + labels + bits + " ")
