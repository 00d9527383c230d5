//go:build !linux

package db

import "syscall"

// impatient does nothing where the kernel has no such setting: the kernel's own patience holds.
func impatient(string, string, syscall.RawConn) error { return nil }
