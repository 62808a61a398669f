"""Reads manifests from standard input, holds each against its schema, and prints them as JSON."""

import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

KUBERNETES = "1.31"
SERVICE_MONITOR = json.loads((pathlib.Path(__file__).parents[1] / "schemas/ServiceMonitor.json").read_text())

manifests = [manifest for manifest in yaml.safe_load_all(sys.stdin) if manifest is not None]
for manifest in manifests:
    if manifest["apiVersion"] == "monitoring.coreos.com/v1" and manifest["kind"] == "ServiceMonitor":
        jsonschema.Draft7Validator(SERVICE_MONITOR).validate(manifest)
    else:
        # Strict: what the schema does not know is an error.
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
json.dump(manifests, sys.stdout)
