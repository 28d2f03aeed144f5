"""What a Python project does with files. Prints the same on a host directory and packed."""

import hashlib
import io
import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import greeting
from greeting import words

HERE = Path(__file__).parent

print(sys.version_info[:2], Path(__file__).name, sys.argv[1:])
print(greeting.greet("packed world"), words.__name__)

# A data file, and what json makes of it.
with open(HERE / "settings.json", encoding="utf-8") as file:
    settings = json.load(file)
print(settings["name"], settings["numbers"], settings["text"])

# A new file, written, read, appended to, seen again.
out = Path("/work/out.json")
out.write_text(json.dumps(settings, indent=1, sort_keys=True))
print(out.stat().st_size, hashlib.sha256(out.read_bytes()).hexdigest())
with out.open("a") as file:
    file.write("\n# appended\n")
with out.open("r+b") as file:
    file.seek(-11, io.SEEK_END)
    print(file.read(), file.tell() == out.stat().st_size)
    file.truncate(5)
print(out.read_bytes())

# Directories.
print(sorted(os.listdir(HERE)))
for root, directories, files in sorted(os.walk(HERE)):
    directories.sort()
    print(root, [name for name in sorted(directories) if name != "__pycache__"], sorted(name for name in files if name.endswith(("y", "n"))))
print([entry.name for entry in sorted(os.scandir(HERE), key=lambda entry: entry.name) if entry.is_dir()])

# Names.
out.rename("/work/moved.json")
print(out.exists(), Path("/work/moved.json").exists())
os.link("/work/moved.json", "/work/hard.json")
os.symlink("moved.json", "/work/soft.json")
print(os.path.samefile("/work/moved.json", "/work/hard.json"), os.readlink("/work/soft.json"), Path("/work/soft.json").read_bytes())
os.utime("/work/moved.json", (1_000_000_000, 1_234_567_890))
print(os.stat("/work/hard.json").st_mtime)
try:
    os.rmdir("/work")
except OSError as error:
    print(type(error).__name__, error.strerror)
for bad in ["/nothing", "/work/moved.json/below"]:
    try:
        open(bad)
    except OSError as error:
        print(type(error).__name__, error.strerror, error.filename)

# An archive.
with zipfile.ZipFile("/work/archive.zip", "w", zipfile.ZIP_STORED) as archive:
    for path in sorted(HERE.rglob("*.py")):
        archive.write(path, path.relative_to(HERE))
    archive.writestr("note.txt", "written from memory")
with zipfile.ZipFile("/work/archive.zip") as archive:
    print(archive.testzip(), sorted(archive.namelist()), archive.read("note.txt"))
    archive.extractall("/work/extracted")
print(sorted(str(path.relative_to("/work/extracted")) for path in Path("/work/extracted").rglob("*")))

# Temporary files and directories.
with tempfile.NamedTemporaryFile("w+", prefix="packed-") as file:
    file.write("temporary")
    file.flush()
    print(os.path.dirname(file.name), Path(file.name).read_text())
    name = file.name
print(os.path.exists(name))
with tempfile.TemporaryFile() as file:
    file.write(b"x" * 100_000)
    file.seek(0)
    print(len(file.read()))
with tempfile.TemporaryDirectory() as directory:
    shutil.copytree(HERE, os.path.join(directory, "copy"), ignore=shutil.ignore_patterns("__pycache__"))
    print(sum(len(files) for _, _, files in os.walk(directory)))
print(os.path.exists(directory))

# A database: random access, journals, locks.
try:
    import sqlite3
except ImportError:
    print("no sqlite3 in this build")
else:
    database = sqlite3.connect("/work/words.db")
    with database:
        database.execute("create table words (word text primary key, length integer)")
        database.executemany("insert into words values (?, ?)", ((f"word{n}", n) for n in range(2000)))
    try:
        with database:
            database.execute("insert into words values ('new', 1)")
            database.execute("insert into words values ('word7', 1)")
    except sqlite3.IntegrityError as error:
        print("rolled back:", error)
    print(database.execute("select count(*), sum(length) from words where word like '%7%'").fetchone())
    database.execute("delete from words where length % 2")
    database.commit()
    database.execute("vacuum")
    database.close()
    print(sorted(name for name in os.listdir("/work") if name.startswith("words")))
    database = sqlite3.connect("/work/words.db")
    print(database.execute("pragma integrity_check").fetchone(), database.execute("select count(*) from words").fetchone())
    database.close()

print("done")
