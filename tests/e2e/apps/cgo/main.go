// Command cgo calls C: its binary needs the libc that it was linked to.
package main

/*
#include <stdio.h>
#include <gnu/libc-version.h>

static int sum(int a, int b) { return a + b; }

static const char *libc(void) { return gnu_get_libc_version(); }
*/
import "C"

import "fmt"

func main() {
	fmt.Printf("2 + 3 = %d, glibc %s\n", int(C.sum(2, 3)), C.GoString(C.libc()))
}
