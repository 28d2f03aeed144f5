"""A few files only: for engines that take their time."""

import os
import sys

sys.path.insert(0, "/project")
import greeting

print(greeting.greet("light world"))
os.mkdir("/light")
with open("/light/new.txt", "w") as file:
    file.write("written\n" * 100)
with open("/light/new.txt") as file:
    print(len(file.read()))
os.rename("/light/new.txt", "/light/moved.txt")
print(os.listdir("/light"), os.stat("/light/moved.txt").st_size)
