//go:build season

package main

const discount = "a tenth"
