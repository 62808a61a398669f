"""Holds a dashboard, from stdin, against the schemas in the folder that is named.

One line for each thing that is wrong. What has no schema there is said with --unknown.
"""

import json
import pathlib
import sys

import jsonschema

SCHEMAS = pathlib.Path(sys.argv[1])


def schema(name, definition=None):
    whole = json.loads((SCHEMAS / f"{name}.jsonschema.json").read_text())
    return {**whole, "$ref": f"#/definitions/{definition}"} if definition else whole


def check(value, of, where):
    for error in jsonschema.Draft7Validator(of).iter_errors(value):
        print(f"{where}{error.json_path[1:]}: {error.message}")


def units():
    definitions = schema("units")["definitions"].values()
    return {definition["const"] for definition in definitions if "const" in definition}


def main():
    dashboard = json.load(sys.stdin)
    check(dashboard, schema("dashboard"), "dashboard")
    known_units = units()
    for panel in dashboard["panels"]:
        where = f"{panel['type']} {panel.get('title')!r} "
        if panel["type"] == "row":
            continue
        name = panel["type"].replace("-", "")
        unit = panel["fieldConfig"]["defaults"].get("unit", "short")
        if unit not in known_units and not unit.startswith("suffix:"):
            print(f"{where}: no unit {unit!r}")
        for target in panel.get("targets", []):
            check(target, schema("prometheus", "Dataquery"), where + "target")
        if not (SCHEMAS / f"{name}.jsonschema.json").exists():
            print(f"no schema: {panel['type']}")
            continue
        of_panel = schema(name)["definitions"]
        check(panel["options"], schema(name, "Options"), where + "options")
        if "FieldConfig" in of_panel:
            custom = panel["fieldConfig"]["defaults"].get("custom", {})
            check(custom, schema(name, "FieldConfig"), where + "fieldConfig")


main()
