// Stock counts what lies in its folder, and ends.
package main

import (
	"fmt"
	"os"
)

func main() {
	folder := "/data"
	if name := os.Getenv("STOCK_FOLDER"); name != "" {
		folder = name
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	total, err := sum(len(entries), 2)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	home, _ := os.UserHomeDir()
	fmt.Println(os.Args[1:], "entries:", len(entries), "sum:", total, "home:", home)
	for _, entry := range entries {
		fmt.Println(entry.Name())
	}
	if err := os.WriteFile(folder+"/counted", []byte("yes"), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
