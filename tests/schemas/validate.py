"""Holds the generated files of a folder against the schemas beside this one; without a folder, a dashboard from stdin.

One line for each thing that is wrong, or that no schema is about.
"""

import json
import pathlib
import sys

import jsonschema
import yaml

SCHEMAS = pathlib.Path(__file__).parent


def read(name):
    return json.loads((SCHEMAS / f"{name}.json").read_text())


def check(value, name, where):
    schema = read(name)
    validator = jsonschema.validators.validator_for(schema, default=jsonschema.Draft7Validator)
    for error in validator(schema).iter_errors(value):
        print(f"{where}{error.json_path[1:]}: {error.message}")


def check_dashboard(dashboard):
    check(dashboard, "dashboard", "dashboard")
    known_units = read("units")
    for panel in dashboard["panels"]:
        where = f"{panel['type']} {panel.get('title')!r} "
        if panel["type"] == "row":
            continue
        unit = panel["fieldConfig"]["defaults"].get("unit", "short")
        if unit not in known_units and not unit.startswith("suffix:"):
            print(f"{where}: no unit {unit!r}")
        for target in panel.get("targets", []):
            check(target, "prometheus", where + "target")
        name = panel["type"].replace("-", "")
        if not (SCHEMAS / f"{name}.json").exists():
            print(f"no schema: {panel['type']}")
            continue
        custom = panel["fieldConfig"]["defaults"].get("custom", {})
        check({"options": panel["options"], "fieldConfig": custom}, name, where)


def check_file(path, where):
    documents = list(yaml.safe_load_all(path.read_text())) if path.suffix == ".yml" else []
    if path.parent.name == "kubernetes":
        for document in documents:
            check(document, document["kind"], where)
    elif path.name == "compose.yml":
        check(documents[0], "compose", where)
    elif path.suffix == ".sarif":
        check(json.loads(path.read_text()), "sarif", where)
    elif path.suffix == ".json":
        check_dashboard(json.loads(path.read_text()))
    elif path.suffix == ".yml" and path.parent.name not in ("prometheus", "rules", "tests", "alertmanager"):
        # Those are for promtool and amtool.
        print(f"no schema: {where}")


def main():
    if len(sys.argv) == 1:
        return check_dashboard(json.load(sys.stdin))
    folder = pathlib.Path(sys.argv[1])
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        check_file(path, str(path.relative_to(folder)))


main()
