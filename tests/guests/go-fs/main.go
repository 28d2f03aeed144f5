// An ordinary Go program: package os on files, and what it saw. Its runtime brings its own descriptors, buffers and
// scheduling, so it calls preview1 in other ways than C and Rust programs do.
//
// Run on a host directory and packed it must print the same: no inode numbers, no clock times.
// /data is as the test made it (tests/src/trees.rs).
package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	section("the baked tree", bakedTree)
	section("write and read", writeAndRead)
	section("directories", directories)
	section("rename", rename)
	section("links", links)
	section("temporary files", temporaryFiles)
	section("truncate and seek", truncateAndSeek)
	section("times", times)
	section("a large file", largeFile)
	section("os.DirFS and Glob", dirFS)
	section("os.Root", root)
	section("errors", failures)
	section("concurrently", concurrently)
}

func section(title string, body func() error) {
	fmt.Println("==", title)
	if err := body(); err != nil {
		fmt.Println("!! stopped:", err)
	}
}

// show prints an error with all that errors.Is tells of it.
func show(what string, err error) {
	fmt.Printf("%s: %v", what, err)
	for _, known := range []error{fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrClosed} {
		if errors.Is(err, known) {
			fmt.Printf(" [%v]", known)
		}
	}
	fmt.Println()
}

func walk(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir():
			fmt.Println(path, "directory")
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			fmt.Println(path, "->", target, err)
		default:
			fmt.Println(path, entry.Type(), info.Size())
		}
		return nil
	})
}

func bakedTree() error {
	if err := walk("/data"); err != nil {
		return err
	}
	entries, err := os.ReadDir("/data")
	fmt.Println(len(entries), err)
	blob, err := os.ReadFile("/data/blob.bin")
	fmt.Printf("%d bytes, %x, %v\n", len(blob), sha256.Sum256(blob), err)
	info, err := os.Stat("/data/hello.txt")
	if err != nil {
		return err
	}
	fmt.Println(info.Name(), info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano), info.Mode().IsRegular())
	other, err := os.Stat("/data/hard.txt")
	if err != nil {
		return err
	}
	fmt.Println("the same file:", os.SameFile(info, other))
	file, err := os.Open("/data/sub/lines.txt")
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fmt.Printf("line %q\n", lines.Text())
	}
	return lines.Err()
}

func writeAndRead() error {
	if err := os.MkdirAll("/work/go/write", 0o755); err != nil {
		return err
	}
	path := "/work/go/write/file"
	show("write", os.WriteFile(path, []byte("one\n"), 0o644))
	show("overwrite", os.WriteFile(path, []byte("2\n"), 0o644))
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString("three\n")
	show("append", err)
	show("sync", file.Sync())
	show("close", file.Close())
	show("close again", file.Close())
	text, err := os.ReadFile(path)
	fmt.Printf("%q %v\n", text, err)
	_, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	show("exclusive", err)
	file, err = os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte("TWO"), 10); err != nil {
		return err
	}
	buffer := make([]byte, 4)
	n, err := file.ReadAt(buffer, 11)
	fmt.Printf("%d %q %v\n", n, buffer[:n], err)
	n, err = file.Read(buffer)
	fmt.Printf("%d %q %v\n", n, buffer[:n], err)
	copied, err := os.Create("/work/go/write/copy")
	if err != nil {
		return err
	}
	defer copied.Close()
	bytes, err := io.Copy(copied, file)
	fmt.Println("copied", bytes, err)
	return nil
}

func directories() error {
	base := "/work/go/dirs"
	show("MkdirAll", os.MkdirAll(filepath.Join(base, "a/b/c"), 0o755))
	show("Mkdir", os.Mkdir(filepath.Join(base, "a"), 0o755))
	for i := range 150 {
		if err := os.WriteFile(filepath.Join(base, fmt.Sprintf("f%03d", i)), []byte{byte(i)}, 0o644); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(base)
	fmt.Println(len(entries), entries[0].Name(), entries[len(entries)-1].Name(), err)
	file, err := os.Open(base)
	if err != nil {
		return err
	}
	total := 0
	for {
		names, err := file.Readdirnames(7)
		total += len(names)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	fmt.Println("in sevens:", total)
	file.Close()
	show("Remove, not empty", os.Remove(filepath.Join(base, "a")))
	show("RemoveAll", os.RemoveAll(filepath.Join(base, "a")))
	_, err = os.Stat(filepath.Join(base, "a"))
	show("gone", err)
	show("RemoveAll of nothing", os.RemoveAll(filepath.Join(base, "none")))
	show("RemoveAll of all", os.RemoveAll(base))
	return nil
}

func rename() error {
	base := "/work/go/rename"
	if err := os.MkdirAll(base+"/full/inner", 0o755); err != nil {
		return err
	}
	os.WriteFile(base+"/a", []byte("a"), 0o644)
	os.WriteFile(base+"/b", []byte("b"), 0o644)
	show("over a file", os.Rename(base+"/a", base+"/b"))
	show("a directory over a file", os.Rename(base+"/full", base+"/b"))
	show("a file over a directory", os.Rename(base+"/b", base+"/full"))
	show("nothing", os.Rename(base+"/none", base+"/c"))
	show("a directory", os.Rename(base+"/full", base+"/moved"))
	return walk(base)
}

func links() error {
	base := "/work/go/links"
	if err := os.MkdirAll(base, 0o755); err != nil {
		return err
	}
	os.WriteFile(base+"/file", []byte("contents"), 0o644)
	show("Link", os.Link(base+"/file", base+"/hard"))
	show("Symlink", os.Symlink("file", base+"/soft"))
	show("Symlink again", os.Symlink("file", base+"/soft"))
	show("Symlink to nothing", os.Symlink("nothing", base+"/dangling"))
	text, err := os.ReadFile(base + "/soft")
	fmt.Printf("%q %v\n", text, err)
	info, err := os.Lstat(base + "/soft")
	fmt.Println(info.Mode().Type(), info.Size(), err)
	_, err = os.Stat(base + "/dangling")
	show("Stat of a dangling link", err)
	_, err = os.Readlink(base + "/file")
	show("Readlink of a file", err)
	resolved, err := filepath.EvalSymlinks(base + "/soft")
	fmt.Println(resolved, err)
	show("Remove", os.Remove(base+"/file"))
	text, err = os.ReadFile(base + "/hard")
	fmt.Printf("%q %v\n", text, err)
	return walk(base)
}

func temporaryFiles() error {
	file, err := os.CreateTemp("/tmp", "go-*.txt")
	if err != nil {
		return err
	}
	name := file.Name()
	fmt.Println(strings.HasPrefix(name, "/tmp/go-"), strings.HasSuffix(name, ".txt"))
	file.WriteString("temporary")
	show("Remove while open", os.Remove(name))
	file.Seek(0, io.SeekStart)
	text, err := io.ReadAll(file)
	fmt.Printf("%q %v\n", text, err)
	show("Close", file.Close())
	directory, err := os.MkdirTemp("/tmp", "go-")
	if err != nil {
		return err
	}
	show("RemoveAll", os.RemoveAll(directory))
	return nil
}

func truncateAndSeek() error {
	file, err := os.Create("/work/go/truncate")
	if err != nil {
		return err
	}
	defer file.Close()
	file.WriteString("0123456789")
	show("Truncate", file.Truncate(4))
	show("os.Truncate", os.Truncate("/work/go/truncate", 6))
	for _, seek := range [][2]int64{{2, io.SeekStart}, {1, io.SeekCurrent}, {-1, io.SeekEnd}, {-99, io.SeekCurrent}} {
		position, err := file.Seek(seek[0], int(seek[1]))
		fmt.Println(seek, position, err)
	}
	text, err := os.ReadFile("/work/go/truncate")
	fmt.Printf("%q %v\n", text, err)
	return nil
}

func times() error {
	path := "/work/go/times"
	os.WriteFile(path, nil, 0o644)
	set := time.Date(2001, 2, 3, 4, 5, 6, 789, time.UTC)
	show("Chtimes", os.Chtimes(path, set, set))
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Println(info.ModTime().UTC().Format(time.RFC3339Nano))
	return nil
}

func largeFile() error {
	path := "/work/go/large"
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	writer := bufio.NewWriterSize(file, 100_000)
	for i := range 600_000 {
		fmt.Fprintf(writer, "line %d\n", i)
	}
	if err := writer.Flush(); err != nil {
		return err
	}
	show("Close", file.Close())
	contents, err := os.ReadFile(path)
	fmt.Printf("%d bytes, %x, %v\n", len(contents), sha256.Sum256(contents), err)
	show("Remove", os.Remove(path))
	return nil
}

func dirFS() error {
	tree := os.DirFS("/data")
	matches, err := fs.Glob(tree, "*.txt")
	fmt.Println(matches, err)
	matches, err = filepath.Glob("/data/*/l*")
	fmt.Println(matches, err)
	text, err := fs.ReadFile(tree, "sub/lines.txt")
	fmt.Printf("%q %v\n", text, err)
	_, err = fs.Stat(tree, "../data")
	show("out of it", err)
	return nil
}

func root() error {
	tree, err := os.OpenRoot("/data")
	if err != nil {
		return err
	}
	defer tree.Close()
	file, err := tree.Open("sub/link-to-hello")
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	fmt.Printf("%q %v\n", text, err)
	_, err = tree.Open("../data/hello.txt")
	show("out of it", err)
	return nil
}

func failures() error {
	_, err := os.Open("/data/none")
	show("Open", err)
	_, err = os.Open("/data/hello.txt/below")
	show("through a file", err)
	_, err = os.ReadDir("/data/hello.txt")
	show("ReadDir of a file", err)
	_, err = os.OpenFile("/data", os.O_WRONLY, 0)
	show("a directory for writing", err)
	_, err = os.Open("/data/" + strings.Repeat("n", 256))
	show("too long a name", err)
	show("Remove", os.Remove("/data/none"))
	show("Chdir", os.Chdir("/data/sub"))
	text, err := os.ReadFile("lines.txt")
	fmt.Printf("%q %v\n", text, err)
	directory, err := os.Getwd()
	fmt.Println(directory, err)
	return nil
}

func concurrently() error {
	base := "/work/go/concurrent"
	if err := os.MkdirAll(base, 0o755); err != nil {
		return err
	}
	done := make(chan error)
	for worker := range 8 {
		go func() {
			for i := range 20 {
				path := fmt.Sprintf("%s/%d-%d", base, worker, i)
				if err := os.WriteFile(path, []byte(path), 0o644); err != nil {
					done <- err
					return
				}
				time.Sleep(time.Microsecond)
				if text, err := os.ReadFile(path); err != nil || string(text) != path {
					done <- fmt.Errorf("%s: %q %v", path, text, err)
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(base)
	fmt.Println(len(entries), err)
	return nil
}
