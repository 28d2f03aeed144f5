// What tests/guests/hungry does, in Go, whose heap takes all memory that there is and counts on every page that it asks for to follow
// the last.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

const (
	rounds    = 24
	block     = 3_000_000
	fileBytes = 300_000
)

func mark(round, at int) byte {
	return byte(round*31 + at%251 + 1)
}

func filled(length, round int) []byte {
	bytes := make([]byte, length)
	for at := range bytes {
		bytes[at] = mark(round, at)
	}
	return bytes
}

func wrong(bytes []byte, round int) int {
	count := 0
	for at, value := range bytes {
		if value != mark(round, at) {
			count++
		}
	}
	return count
}

func must(err error) {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(90)
	}
}

func main() {
	hello, err := os.ReadFile("/data/hello.txt")
	must(err)
	fmt.Printf("read: %s", hello)

	var blocks [rounds][]byte
	for round := range rounds {
		blocks[round] = filled(block, round)
		must(os.WriteFile(fmt.Sprintf("/work/file-%d", round), filled(fileBytes, round), 0o644))
		fmt.Println("round", round)
		runtime.GC()
	}
	bad := 0
	for round := range rounds {
		bad += wrong(blocks[round], round)
		file, err := os.ReadFile(fmt.Sprintf("/work/file-%d", round))
		must(err)
		bad += wrong(file, round) + (fileBytes - len(file))
	}
	fmt.Println("wrong bytes:", bad)

	for at, argument := range os.Args {
		fmt.Printf("argument %d: %s\n", at, argument)
	}
	fmt.Printf("GREETING=%s\n", os.Getenv("GREETING"))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Printf("input: %s\n", lines.Text())
	}
	fmt.Println("after 2024:", time.Now().Year() >= 2024)
	before := time.Now()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("slept:", time.Since(before) >= 20*time.Millisecond)
	fmt.Fprintln(os.Stderr, "to standard error")
	if bad != 0 {
		os.Exit(95)
	}
	if len(os.Args) > 1 {
		status, err := strconv.Atoi(os.Args[len(os.Args)-1])
		must(err)
		os.Exit(status)
	}
}
