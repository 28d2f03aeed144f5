"""A small project: imports a module, reads a data file, writes a report. `cargo xtask demo` packs it."""

import json
import os

from distances import kilometres

with open("/project/data/cities.json") as file:
    cities = json.load(file)

home = cities["Lisbon"]
with open("/tmp/report.txt", "w") as report:
    for name, place in sorted(cities.items()):
        print(f"{name:<10} {kilometres(home, place):>6.0f} km from Lisbon", file=report)

with open("/tmp/report.txt") as report:
    print(report.read(), end="")

print("What I see in / :", *sorted(os.listdir("/")))
