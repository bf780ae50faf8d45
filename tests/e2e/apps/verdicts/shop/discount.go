//go:build !season

package main

const discount = "none"
